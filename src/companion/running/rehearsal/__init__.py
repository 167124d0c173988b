"""Training and decoding of every chapter at the sizes of the papers: a few steps, on made-up arrays."""
