from .embeddings import Embeddings as Embeddings
from .errors import ChapterError as ChapterError
from .errors import CompanionError as CompanionError
from .errors import DataError as DataError
from .errors import DownloadError as DownloadError
from .errors import MissingDataError as MissingDataError
from .project import data_root as data_root
from .project import project_root as project_root
from .recording import Recording as Recording
from .scores import as_scores as as_scores
from .scores import check_scores as check_scores
from .scores import paired as paired

__all__ = [
    "ChapterError",
    "CompanionError",
    "DataError",
    "DownloadError",
    "Embeddings",
    "MissingDataError",
    "Recording",
    "as_scores",
    "check_scores",
    "data_root",
    "paired",
    "project_root",
]
