"""Contrastive training of brain encoders: InfoNCE, runs, checkpoints; encoders one architecture per file."""
