"""How often each test of the book says yes when nothing is there: drawn, counted, kept in a table.

``python -m companion.statistics.calibration`` draws the null sets and writes ``calibration.csv`` beside this
file; :func:`companion.loading.calibration.read_calibration` reads it.
"""
