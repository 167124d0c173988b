from .absent import not_drawn as not_drawn
from .accuracy import accuracy_by_dose as accuracy_by_dose
from .accuracy import subject_points as subject_points
from .agreement import agreement_dots as agreement_dots
from .attribution import drops_over_time as drops_over_time
from .brain_similarity import people_and_ceiling as people_and_ceiling
from .confusion import confusion_map as confusion_map
from .doses import p_value_steps as p_value_steps
from .evoked import evoked_responses as evoked_responses
from .explorers.box import Explorer as Explorer
from .explorers.doses import dose_explorer as dose_explorer
from .explorers.retrieval import retrieval_explorer as retrieval_explorer
from .explorers.topography import topography_explorer as topography_explorer
from .gallery import picture_gallery as picture_gallery
from .geometry import gap_clouds as gap_clouds
from .heads import flat_places as flat_places
from .heads import topographies as topographies
from .own_data import exchanged_answers as exchanged_answers
from .own_data import fold_points as fold_points
from .paired import difference_forest as difference_forest
from .paired import effect_scales as effect_scales
from .paired import paired_dots as paired_dots
from .pictures import measure_points as measure_points
from .planted import put_in_came_out as put_in_came_out
from .retrieval import retrieval_panels as retrieval_panels
from .similarity import matrix_panels as matrix_panels
from .similarity import score_rows as score_rows
from .stimuli import picture_grid as picture_grid
from .style import apply_style as apply_style
from .style import page_figure as page_figure
from .style import reference_line as reference_line
from .training import loss_curves as loss_curves

__all__ = [
    "Explorer",
    "accuracy_by_dose",
    "agreement_dots",
    "apply_style",
    "confusion_map",
    "difference_forest",
    "dose_explorer",
    "drops_over_time",
    "effect_scales",
    "evoked_responses",
    "exchanged_answers",
    "flat_places",
    "fold_points",
    "gap_clouds",
    "loss_curves",
    "matrix_panels",
    "measure_points",
    "not_drawn",
    "p_value_steps",
    "page_figure",
    "paired_dots",
    "people_and_ceiling",
    "picture_gallery",
    "picture_grid",
    "put_in_came_out",
    "reference_line",
    "retrieval_explorer",
    "retrieval_panels",
    "score_rows",
    "subject_points",
    "topographies",
    "topography_explorer",
]
