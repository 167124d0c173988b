from .chapters import all_chapters as all_chapters
from .claims import load_claims as load_claims
from .decoders import decode as decode
from .decoders import follow_training as follow_training
from .decoders import predict as predict
from .decoders import train_decoders as train_decoders
from .exercises import check as check
from .exercises import reveal as reveal
from .products import product as product
from .products import products as products
from .session import OpenChapter as OpenChapter
from .session import open_chapter as open_chapter
from .shelf import Shelf as Shelf
from .sweeps.grid import Grid as Grid
from .sweeps.grid import read_grid as read_grid
from .sweeps.job import Job as Job
from .sweeps.results import read_sweep as read_sweep
from .target_pairs import Target as Target
from .targets import embed_targets as embed_targets
from .wording import direction as direction
from .wording import interval as interval
from .wording import listing as listing
from .wording import p_value as p_value
from .wording import plain as plain

__all__ = [
    "Grid",
    "Job",
    "OpenChapter",
    "Shelf",
    "Target",
    "all_chapters",
    "check",
    "decode",
    "direction",
    "embed_targets",
    "follow_training",
    "interval",
    "listing",
    "load_claims",
    "open_chapter",
    "p_value",
    "plain",
    "predict",
    "product",
    "products",
    "read_grid",
    "read_sweep",
    "reveal",
    "train_decoders",
]
