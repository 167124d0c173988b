"""Data coming in: the manifest, downloads with checksums, and one module per official layout."""
