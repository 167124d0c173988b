"""Encoders: pictures, sentences and words to vectors, labelled by stimulus id, computed once and kept."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
