"""Captions of the training images of Generic Object Decoding, as released with BrainCLIP."""

from __future__ import annotations

from pathlib import Path

from companion.errors import DataError
from companion.loading.god.stimuli import GodStimuli, category_of, god_stimuli
from companion.loading.json_files import read_json_object
from companion.loading.reading import advising, official
from companion.loading.store import data_file


def god_captions() -> dict[str, tuple[str, str]]:
    """Two captions of each training image, as released with BrainCLIP.

    Returns
    -------
    dict
        Image name to ``("an image of <category>.", sentence)``, in the order of the training list. The
        sentence was written by a person and at times disagrees with the category. Test images have none.

    References
    ----------
    Liu et al. (2023), BrainCLIP; Ma et al. (2025).
    """
    return read_god_captions(data_file("brainclip-god-captions"), god_stimuli())


@advising(official("brainclip-god-captions"))
def read_god_captions(path: Path, stimuli: GodStimuli) -> dict[str, tuple[str, str]]:
    """Read captions of the layout of BrainCLIP from any file.

    Parameters
    ----------
    path : Path
        JSON object: image name to a list of two texts. A key ``simulated`` is the marker of simulated data.
    stimuli : GodStimuli
        Lists whose training images must have captions, and no others.

    Raises
    ------
    DataError
        If an image is missing, unknown, or has other than two texts, or a category has two prompts.
    """
    content = read_json_object(path)
    content.pop("simulated", None)
    listed = list(stimuli.train["stimulus"])
    if odd := sorted(set(content) ^ set(listed)):
        raise DataError(
            "Captions are not those of the training images",
            where=path,
            expected=f"captions of the {len(listed)} images of the training list",
            got=odd[0],
        )
    prompts: dict[str, str] = {}
    for name in listed:
        pair = content[name]
        if not isinstance(pair, list) or [type(text) for text in pair] != [str, str] or not all(pair):
            raise DataError(
                "An image has two captions", where=f"{path}, {name}", expected="a list of two texts", got=pair
            )
        if prompts.setdefault(category_of(name), pair[0]) != pair[0] or not pair[0].startswith(
            "an image of "
        ):
            raise DataError(
                "The first caption is the category's own prompt",
                where=f"{path}, {name}",
                expected=prompts[category_of(name)],
                got=pair[0],
            )
    return {name: (content[name][0], content[name][1]) for name in listed}
