"""Contrastive training of brain encoders: loss, runs, checkpoints, and one architecture per file in ``encoders``."""
