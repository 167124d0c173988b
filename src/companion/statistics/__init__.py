"""Tests, effect sizes, corrections and similarity analysis on tables and arrays."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
