"""Spaces bent towards human judgements: arrays and embeddings in, embeddings out."""
