"""Encoders: pictures, sentences and words to vectors, labelled by stimulus id, computed once and kept."""
