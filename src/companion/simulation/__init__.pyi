from .brains.components import time_course as time_course
from .brains.fmri import FmriModel as FmriModel
from .brains.fmri import fmri_model as fmri_model
from .brains.noise import power_law as power_law
from .brains.person import person_rng as person_rng
from .brains.tuning import draw_weights as draw_weights
from .calibrated import calibrated_dials as calibrated_dials
from .codes import Codes as Codes
from .dials import Dials as Dials
from .equations import Described as Described
from .equations import brain_codes as brain_codes
from .equations import fit_equations as fit_equations
from .judges import odd_one_out as odd_one_out
from .judges import two_afc as two_afc
from .stimuli.captions import plain_caption as plain_caption
from .stimuli.drawing.pictures import render as render
from .stimuli.drawing.pictures import render_scenes as render_scenes
from .stimuli.exemplars import Exemplars as Exemplars
from .stimuli.exemplars import draw_exemplars as draw_exemplars
from .stimuli.exemplars import draw_scene as draw_scene
from .stimuli.kinds import Kind as Kind
from .stimuli.kinds import all_kinds as all_kinds
from .stimuli.nouns import invented_nouns as invented_nouns

__all__ = [
    "Codes",
    "Described",
    "Dials",
    "Exemplars",
    "FmriModel",
    "Kind",
    "all_kinds",
    "brain_codes",
    "calibrated_dials",
    "draw_exemplars",
    "draw_scene",
    "draw_weights",
    "fit_equations",
    "fmri_model",
    "invented_nouns",
    "odd_one_out",
    "person_rng",
    "plain_caption",
    "power_law",
    "render",
    "render_scenes",
    "time_course",
    "two_afc",
]
