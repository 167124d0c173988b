"""Writers of the official file layouts, one module per layout; every file is marked as simulated."""
