from .between_spaces import debiased_cka as debiased_cka
from .between_spaces import linear_predictability as linear_predictability
from .chance import exact_interval as exact_interval
from .chance import guessing as guessing
from .concept_bootstrap import bootstrap_spearman as bootstrap_spearman
from .consistency import consistency as consistency
from .corrections import holm as holm
from .crossed_bootstrap import crossed_interval as crossed_interval
from .discriminability import unit_f as unit_f
from .equivalence import equivalence as equivalence
from .geometry import hubness as hubness
from .geometry import k_occurrence as k_occurrence
from .geometry import participation_ratio as participation_ratio
from .inflation import inflation as inflation
from .level_tests import above_shuffled as above_shuffled
from .level_tests import compare_levels as compare_levels
from .mixed_difference import mixed_difference as mixed_difference
from .paired import PairedResult as PairedResult
from .paired import exact_floor as exact_floor
from .paired import paired_tests as paired_tests
from .paired import sign_flip as sign_flip
from .paired import wilcoxon as wilcoxon
from .paired_hits import compare_ranks as compare_ranks
from .paired_hits import mcnemar_exact as mcnemar_exact
from .picture_metrics import distractors_beaten as distractors_beaten
from .recommended import compare_targets as compare_targets
from .reliability import spearman_brown as spearman_brown
from .reliability import split_half_reliability as split_half_reliability
from .repeated_trials import cluster_interval as cluster_interval
from .repeated_trials import hits_by_answer as hits_by_answer
from .repeated_trials import image_permutation as image_permutation
from .retrieval import modality_gap as modality_gap
from .retrieval import top1_hits as top1_hits
from .scales import on_scales as on_scales
from .similarity import Pairs as Pairs
from .similarity import cosine_similarity as cosine_similarity
from .similarity import noise_ceiling as noise_ceiling
from .similarity import spearman as spearman
from .small_samples import above_chance as above_chance
from .triplets import odd_one_out_hits as odd_one_out_hits

__all__ = [
    "PairedResult",
    "Pairs",
    "above_chance",
    "above_shuffled",
    "bootstrap_spearman",
    "cluster_interval",
    "compare_levels",
    "compare_ranks",
    "compare_targets",
    "consistency",
    "cosine_similarity",
    "crossed_interval",
    "debiased_cka",
    "distractors_beaten",
    "equivalence",
    "exact_floor",
    "exact_interval",
    "guessing",
    "hits_by_answer",
    "holm",
    "hubness",
    "image_permutation",
    "inflation",
    "k_occurrence",
    "linear_predictability",
    "mcnemar_exact",
    "mixed_difference",
    "modality_gap",
    "noise_ceiling",
    "odd_one_out_hits",
    "on_scales",
    "paired_tests",
    "participation_ratio",
    "sign_flip",
    "spearman",
    "spearman_brown",
    "split_half_reliability",
    "top1_hits",
    "unit_f",
    "wilcoxon",
]
