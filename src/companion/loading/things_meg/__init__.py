"""THINGS-MEG: preprocessed epochs."""
