"""Grids of runs: declared in a file, sized, packed, executed anywhere, each result kept once."""
