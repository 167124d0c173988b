"""THINGS-EEG2: preprocessed forms, raw sessions, image list."""
