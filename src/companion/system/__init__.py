"""For every room: whole files, turns, workers that end, troubles as sentences, safe YAML, marks of code."""
