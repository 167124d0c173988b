"""Figures: tables and arrays in, a matplotlib figure out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
