"""Contrastive training of brain encoders: InfoNCE, runs, checkpoints; one architecture per file in ``encoders``."""
