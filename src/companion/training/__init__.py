"""Contrastive training of brain encoders: InfoNCE, runs, checkpoints; encoders one architecture per file."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
