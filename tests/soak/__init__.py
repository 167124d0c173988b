"""Long runs that must not grow: ``python -m tests.soak``."""
