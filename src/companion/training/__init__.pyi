from .checkpoint import load_encoder as load_encoder
from .checkpoint import save_encoder as save_encoder
from .contrastive import equal_rows as equal_rows
from .contrastive import info_nce as info_nce
from .contrastive import shared_info_nce as shared_info_nce
from .contrastive import soft_belonging as soft_belonging
from .encoders.atm import AtmS as AtmS
from .encoders.eegconformer import EegConformer as EegConformer
from .encoders.eegnet import EegNet as EegNet
from .encoders.interface import BrainEncoder as BrainEncoder
from .encoders.mlp import ResidualMlp as ResidualMlp
from .encoders.nice import Nice as Nice
from .estimator import ContrastiveRetriever as ContrastiveRetriever
from .joint_vae import JointVaeSettings as JointVaeSettings
from .joint_vae_training import TrainedVae as TrainedVae
from .joint_vae_training import train_joint_vae as train_joint_vae
from .mapping import TrainedMapping as TrainedMapping
from .mapping import train_mapping as train_mapping
from .mapping_networks import LinearMap as LinearMap
from .mapping_networks import MlpMap as MlpMap
from .mapping_networks import VariationalMap as VariationalMap
from .program import Run as Run
from .runs import Trained as Trained
from .runs import train_runs as train_runs
from .settings import Settings as Settings
from .settings import published as published
from .splits import validation_rows as validation_rows
from .supervision import MappingSettings as MappingSettings
from .supervision import Supervision as Supervision

__all__ = [
    "AtmS",
    "BrainEncoder",
    "ContrastiveRetriever",
    "EegConformer",
    "EegNet",
    "JointVaeSettings",
    "LinearMap",
    "MappingSettings",
    "MlpMap",
    "Nice",
    "ResidualMlp",
    "Run",
    "Settings",
    "Supervision",
    "Trained",
    "TrainedMapping",
    "TrainedVae",
    "VariationalMap",
    "equal_rows",
    "info_nce",
    "load_encoder",
    "published",
    "save_encoder",
    "shared_info_nce",
    "soft_belonging",
    "train_joint_vae",
    "train_mapping",
    "train_runs",
    "validation_rows",
]
