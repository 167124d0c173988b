"""The jobs of sweeps: what one cell is, for each paper and for whole chapters."""
