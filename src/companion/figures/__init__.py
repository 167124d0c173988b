"""Figures: tables and arrays in, a matplotlib figure out."""
