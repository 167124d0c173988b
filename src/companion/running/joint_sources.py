"""What the joint space of GOD is made from: a CLIP, pictures, texts, names of categories.

Official files lie in the data folder, as the manifest entries say; nothing is fetched. Pictures may be
absent, for texts alone can supervise; the weights of CLIP and the captions may not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from companion.encoders.anchors import Template
from companion.encoders.clip import ClipEncoder, load_clip
from companion.encoders.miniature import Variant, load_miniature_clip
from companion.errors import MissingDataError
from companion.loading.god.captions import read_god_captions
from companion.loading.god.images import god_image_files
from companion.loading.god.names import CategoryName, kind_names, wordnet_names
from companion.loading.god.stimuli import GodStimuli
from companion.loading.manifest import load_manifest
from companion.loading.sources import Null, ScaleName, Source, recordings_folder
from companion.loading.store import data_file, how_to_get
from companion.loading.things_pictures import KINDS_FILE
from companion.project import data_root

Backbone = Literal["RN101", "ViT-B-32", "ViT-L-14"]
"""OpenAI's CLIP models: the first guides the released generation of BrainCLIP."""
MINIATURE_TEMPLATES = ("a photo of a {}", "a picture of a {}", "there is a {}", "this is a {}", "a {}")
"""Our own, of the few words that the miniature text tower knows."""
CAPTIONS_FILE = "GOD_train_caps_hm_and_wdnet.json"


class GodSource(NamedTuple):
    """What goes with Generic Object Decoding.

    Parameters
    ----------
    encoder : ClipEncoder
    pictures : mapping of stimulus to Path or None
        Training and test images; None where they are not on this machine.
    captions : mapping of stimulus to two str
        Prompt and sentence of each training image.
    names : mapping of category to CategoryName
        Of training and test categories.
    templates : sequence of str or callable
        Of prompt ensembles.
    simulated : bool
    """

    encoder: ClipEncoder
    pictures: Mapping[str, Path] | None
    captions: Mapping[str, tuple[str, str]]
    names: Mapping[str, CategoryName]
    templates: Sequence[Template]
    simulated: bool


def god_source(
    lists: GodStimuli,
    *,
    source: Source,
    scale: ScaleName,
    null: Null | None,
    backbone: Backbone,
    pool: Variant,
    device: str,
) -> GodSource:
    """Find what pictures and texts of GOD are made into vectors from; parameters as of `god_joint_space`."""
    categories = list(lists.categories["category"])
    pictures = god_pictures(lists, source=source, scale=scale, null=null)
    if source == "official":
        from open_clip import OPENAI_IMAGENET_TEMPLATES

        return GodSource(
            official_clip(backbone, device),
            pictures,
            MappingProxyType(read_god_captions(data_file("brainclip-god-captions"), lists)),
            MappingProxyType(wordnet_names(categories)),
            OPENAI_IMAGENET_TEMPLATES,
            simulated=False,
        )
    stimuli = recordings_folder("stimuli", source=source, scale=scale, null=null)
    return GodSource(
        load_miniature_clip(pool, device=device),
        pictures,
        MappingProxyType(read_god_captions(stimuli / "god" / CAPTIONS_FILE, lists)),
        MappingProxyType(kind_names(stimuli / KINDS_FILE, categories)),
        MINIATURE_TEMPLATES,
        simulated=True,
    )


def god_pictures(
    lists: GodStimuli, *, source: Source, scale: ScaleName, null: Null | None
) -> Mapping[str, Path] | None:
    """Files of all images that were shown; None where official ones are absent. Some only are an error."""
    shown = [*lists.train["stimulus"], *lists.test["stimulus"]]
    if source == "official":
        try:
            return god_image_files(data_root() / "god-stimulus-images", shown)
        except MissingDataError:
            return None
    stimuli = recordings_folder("stimuli", source=source, scale=scale, null=null)
    return god_image_files(stimuli / "god" / "images", shown)


def wording(text: str) -> str:
    """Text without what CLIP does not tell apart, or hardly: capitals, white space, a full stop.

    Examples
    --------
    >>> wording("A man  riding a wave.")
    'a man riding a wave'
    """
    return " ".join(text.casefold().split()).rstrip(". ")


def official_clip(backbone: Backbone, device: str) -> ClipEncoder:
    """Load a CLIP of OpenAI from the folder of the manifest entry ``clip-openai-models``."""
    weights = official_folder("clip-openai-models") / backbone / "open_clip_model.safetensors"
    if not weights.is_file():
        raise MissingDataError(
            f"The weights of CLIP {backbone} are not on this machine",
            where=weights,
            do=how_to_get(load_manifest().entry("clip-openai-models")),
        )
    return load_clip(f"{backbone}-quickgelu", weights, training="openai", device=device)


def official_folder(entry_id: str) -> Path:
    """Folder of a manifest entry, which is there."""
    entry = load_manifest().entry(entry_id)
    folder = data_root() / entry.id
    if not folder.is_dir():
        raise MissingDataError(f"{entry.title} is not here", where=folder, do=how_to_get(entry))
    return folder
