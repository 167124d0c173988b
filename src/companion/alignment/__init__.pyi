from .autoencoder import Options as Options
from .brain import BrainAligner as BrainAligner
from .brain import fit_aligners as fit_aligners
from .brain import others as others
from .brain import pattern_similarity as pattern_similarity
from .controls import isotropy_matched as isotropy_matched
from .controls import rotated as rotated
from .controls import whitened as whitened
from .front import split_front as split_front
from .human import GLocalTransform as GLocalTransform
from .human import RidgeAlignment as RidgeAlignment
from .human import cross_validated_alignment as cross_validated_alignment
from .lora import LoRA as LoRA
from .odd_one_out import OddOneOutTransform as OddOneOutTransform
from .teachers import permuted_teacher as permuted_teacher
from .teachers import spectrum_matched_teacher as spectrum_matched_teacher
from .triplets import TripletAligner as TripletAligner

__all__ = [
    "BrainAligner",
    "GLocalTransform",
    "LoRA",
    "OddOneOutTransform",
    "Options",
    "RidgeAlignment",
    "TripletAligner",
    "cross_validated_alignment",
    "fit_aligners",
    "isotropy_matched",
    "others",
    "pattern_similarity",
    "permuted_teacher",
    "rotated",
    "spectrum_matched_teacher",
    "split_front",
    "whitened",
]
