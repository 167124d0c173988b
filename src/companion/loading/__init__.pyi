from .calibration import read_calibration as read_calibration
from .ecog.responses import load_ecog as load_ecog
from .god.fmri import load_god as load_god
from .god.meg import load_god_meg as load_god_meg
from .god.names import seen_in_ilsvrc as seen_in_ilsvrc
from .god.stimuli import GodStimuli as GodStimuli
from .god.stimuli import category_of as category_of
from .god.stimuli import read_god_stimuli as read_god_stimuli
from .judgements import read_judgements as read_judgements
from .manifest import load_manifest as load_manifest
from .nsd.responses import load_nsd as load_nsd
from .nsd.stimuli import nsd_captions as nsd_captions
from .nsd.stimuli import nsd_pictures as nsd_pictures
from .own_bids import epochs_from_bids as epochs_from_bids
from .own_bids_fmri import recording_from_bids_fmri as recording_from_bids_fmri
from .own_epochs import recording_from_epochs as recording_from_epochs
from .own_fmri import block_means as block_means
from .own_fmri import recording_from_patterns as recording_from_patterns
from .pickles import read_pickled_npy as read_pickled_npy
from .pictures import picture_attributes as picture_attributes
from .published import published as published
from .published import published_scores as published_scores
from .sources import recordings_folder as recordings_folder
from .sources import world_record as world_record
from .store import data_file as data_file
from .things_eeg2.noise_normalisation import noise_covariance as noise_covariance
from .things_eeg2.noise_normalisation import whitened as whitened
from .things_eeg2.noise_normalisation import whitening_matrix as whitening_matrix
from .things_eeg2.preprocessed import load_things_eeg2 as load_things_eeg2
from .things_meg.epochs import load_things_meg as load_things_meg
from .things_pictures import concept_of as concept_of
from .things_pictures import picture_files as picture_files

__all__ = [
    "GodStimuli",
    "block_means",
    "category_of",
    "concept_of",
    "data_file",
    "epochs_from_bids",
    "load_ecog",
    "load_god",
    "load_god_meg",
    "load_manifest",
    "load_nsd",
    "load_things_eeg2",
    "load_things_meg",
    "noise_covariance",
    "nsd_captions",
    "nsd_pictures",
    "picture_attributes",
    "picture_files",
    "published",
    "published_scores",
    "read_calibration",
    "read_god_stimuli",
    "read_judgements",
    "read_pickled_npy",
    "recording_from_bids_fmri",
    "recording_from_epochs",
    "recording_from_patterns",
    "recordings_folder",
    "seen_in_ilsvrc",
    "whitened",
    "whitening_matrix",
    "world_record",
]
