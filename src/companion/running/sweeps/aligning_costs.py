"""What brain-aligning takes: a few epochs and one set of decoders, timed on made-up arrays of a cell's shapes."""

from __future__ import annotations
