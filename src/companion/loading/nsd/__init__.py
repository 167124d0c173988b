"""Natural Scenes Dataset: responses, design, pictures, captions."""
