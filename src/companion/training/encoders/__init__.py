"""Brain encoders: from responses to vectors in the space of an image encoder; one architecture per file."""

from companion.training.encoders.atm import AtmS
from companion.training.encoders.eegconformer import EegConformer
from companion.training.encoders.eegnet import EegNet
from companion.training.encoders.interface import BrainEncoder
from companion.training.encoders.mlp import ResidualMlp
from companion.training.encoders.nice import Nice

ENCODERS: dict[str, type[BrainEncoder]] = {
    encoder.__name__: encoder for encoder in (Nice, AtmS, EegNet, EegConformer, ResidualMlp)
}
"""Architectures by the name that a checkpoint keeps."""

__all__ = ["ENCODERS", "AtmS", "BrainEncoder", "EegConformer", "EegNet", "Nice", "ResidualMlp"]
