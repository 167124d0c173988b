"""For every room: whole files, turns, workers that end, troubles in words, arrays and YAML, marks of code."""
