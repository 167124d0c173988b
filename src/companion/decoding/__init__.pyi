from .attribution.gradcam import grad_cam as grad_cam
from .attribution.occlusion import occlusion as occlusion
from .attribution.patterns import patterns as patterns
from .attribution.removal import Readout as Readout
from .attribution.removal import drops as drops
from .cross_validation import compare as compare
from .cross_validation import over_folds as over_folds
from .estimators import RidgeRetriever as RidgeRetriever
from .floors import constant_prediction as constant_prediction
from .floors import every_score as every_score
from .galleries import Gallery as Gallery
from .galleries import concept_centres as concept_centres
from .generation.companions import companions as companions
from .generation.generator import generate as generate
from .generation.generator import load_generator as load_generator
from .generation.rescaling import fit_rescaling as fit_rescaling
from .generation.retrieval import OpenPool as OpenPool
from .generation.retrieval import nearest_pictures as nearest_pictures
from .generation.retrieval import open_pool as open_pool
from .identification import identify as identify
from .leaks.splits import decode_held_out as decode_held_out
from .leaks.splits import draw_folds as draw_folds
from .linear import LinearDecoder as LinearDecoder
from .linear import fit_linear as fit_linear
from .matching import match as match
from .matching import on_common_centre as on_common_centre
from .naming import name_by_classifier as name_by_classifier
from .naming import name_by_text as name_by_text
from .optimal import optimal_ranks as optimal_ranks
from .optimal import optimal_vectors as optimal_vectors
from .retrieval import centred_rows as centred_rows
from .retrieval import ranks as ranks
from .retrieval import retrieval_scores as retrieval_scores
from .retrieval import retrieved as retrieved
from .retrieval import top_k as top_k
from .ridge import RidgeDecoder as RidgeDecoder
from .ridge import fit_ridge as fit_ridge
from .standing import n_way_curve as n_way_curve
from .standing import standing as standing
from .standing import table_of as table_of

__all__ = [
    "Gallery",
    "LinearDecoder",
    "OpenPool",
    "Readout",
    "RidgeDecoder",
    "RidgeRetriever",
    "centred_rows",
    "companions",
    "compare",
    "concept_centres",
    "constant_prediction",
    "decode_held_out",
    "draw_folds",
    "drops",
    "every_score",
    "fit_linear",
    "fit_rescaling",
    "fit_ridge",
    "generate",
    "grad_cam",
    "identify",
    "load_generator",
    "match",
    "n_way_curve",
    "name_by_classifier",
    "name_by_text",
    "nearest_pictures",
    "occlusion",
    "on_common_centre",
    "open_pool",
    "optimal_ranks",
    "optimal_vectors",
    "over_folds",
    "patterns",
    "ranks",
    "retrieval_scores",
    "retrieved",
    "standing",
    "table_of",
    "top_k",
]
