"""Mistakes of evaluation, made on purpose, so that what they add to a score can be measured."""
