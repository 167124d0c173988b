"""ECoG as BIDS iEEG: high-gamma power of single trials."""
