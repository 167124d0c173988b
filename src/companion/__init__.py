"""A companion to three papers on decoding what a person sees from brain activity.

Axis names used everywhere: ``n_trials``, ``n_channels``, ``n_times``, ``n_subjects`` for recordings;
``n_stimuli``, ``n_features`` for image and text spaces; ``n_pairs`` for the upper triangle of a similarity
matrix. ``X`` is brain, ``Z`` is features.

Public names are imported from here or from a room, such as ``from companion.alignment import fit_aligners``.
Nothing is loaded before it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
