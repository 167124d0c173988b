"""The commands of ``companion``, one module per family; ``companion.cli`` puts them together."""
