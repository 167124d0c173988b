"""From brain responses to vectors by ridge, and what decoded vectors are worth: retrieval."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
