"""From brain responses to vectors by ridge, and what decoded vectors are worth: retrieval."""
