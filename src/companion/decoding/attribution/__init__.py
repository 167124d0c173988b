"""What a decoder reads: when, which frequencies, which channels; and how far maps can tell."""
