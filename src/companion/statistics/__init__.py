"""Tests, effect sizes, corrections and similarity analysis on tables and arrays."""
