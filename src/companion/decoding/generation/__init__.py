"""Pictures from decoded vectors: found in an open pool, or made by a small generator; and companions."""
