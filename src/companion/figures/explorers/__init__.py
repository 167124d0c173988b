"""Figures that a reader can turn: one piece of HTML each, with its data and script, that needs no network."""
