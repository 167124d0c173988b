"""CLIP models of `open_clip`: image and text tower, its preprocessing, weights from a local file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from companion.encoders.inputs import UInt8Array
from companion.encoders.interface import Float32Array
from companion.encoders.modules import forward, pixels_of
from companion.encoders.weights import fingerprint_of, load_strictly, read_weights
from companion.errors import DataError

if TYPE_CHECKING:
    import torch

    from companion.encoders.modules import Preprocess


class ClipEncoder:
    """A CLIP model with weights: an image encoder and a text encoder; see :func:`load_clip`.

    Features are the projected outputs (``encode_image``, ``encode_text``) in float32, not normalised. On one
    machine the same batch gives the same numbers; another batch size may change the last digits.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.encoders import load_miniature_clip
    >>> encoder = load_miniature_clip()
    >>> encoder.images([np.zeros((64, 64, 3), np.uint8)]).shape, encoder.texts(["a red bird"]).shape
    ((1, 64), (1, 64))
    """

    def __init__(
        self,
        model: torch.nn.Module,
        preprocess: Preprocess,
        tokenise: Callable[[list[str]], torch.Tensor],
        *,
        name: str,
        n_features: int,
        fingerprint: str,
        device: str,
    ) -> None:
        self._model = model.to(device).eval().requires_grad_(requires_grad=False)
        self.preprocess = preprocess
        self._tokenise = tokenise
        self._device = device
        self.name = name
        self.n_features = n_features
        self.fingerprint = fingerprint

    def __repr__(self) -> str:
        return f"ClipEncoder({self.name!r}, {self.n_features} features, {self.fingerprint[:12]})"

    @property
    def module(self) -> torch.nn.Module:
        """The image tower: prepared pixels of shape (n, 3, height, width) in, vectors out."""
        return self._model.visual  # type: ignore[return-value]

    def images(self, batch: Sequence[Image.Image | UInt8Array], /) -> Float32Array:
        """Vectors of pictures, which are resized and cropped as the model's training asks for.

        Parameters
        ----------
        batch : sequence of PIL images or uint8 arrays of shape (height, width, 3) or (height, width)

        Returns
        -------
        ndarray of shape (n, n_features), float32
        """
        pixels = pixels_of(batch, self.preprocess)
        return forward(self._model.encode_image, pixels, self._device)  # type: ignore[arg-type]

    def texts(self, batch: Sequence[str], /) -> Float32Array:
        """Vectors of texts; what exceeds the model's context (77 tokens in CLIP) is cut off.

        Parameters
        ----------
        batch : sequence of str

        Returns
        -------
        ndarray of shape (n, n_features), float32
        """
        tokens = self._tokenise(list(batch))
        return forward(self._model.encode_text, tokens, self._device)  # type: ignore[arg-type]


def load_clip(
    architecture: str,
    weights: Path,
    *,
    training: str | None,
    force_quick_gelu: bool = False,
    device: str = "cpu",
) -> ClipEncoder:
    """Load a model of `open_clip` with weights from a local file; nothing is ever fetched.

    Parameters
    ----------
    architecture : str
        A name that ``open_clip.list_models()`` lists, such as ``"RN101-quickgelu"``; architectures of one's
        own join the list by ``open_clip.add_model_config``.
    weights : Path
        A safetensors file, or a torch file that holds the state_dict alone.
    training : str or None
        Tag of the training in open_clip's list, such as ``"openai"``. It decides the preprocessing, and the
        activation is compared with it: weights do not tell which activation they were trained with, and the
        wrong one gives plausible, worse vectors. None for weights that are on no list; then the
        architecture's own activation holds, and CLIP's usual preprocessing.
    force_quick_gelu : bool
        QuickGELU in an architecture that is listed with the plain one.
    device : str
        Where torch computes.

    Raises
    ------
    DataError
        If the architecture or training is unknown, the activation is not the training's, the tokenizer would
        have to come from a hub, or the weights do not fit the architecture name by name.

    References
    ----------
    Radford et al. (2021), ICML: CLIP; Cherti et al. (2023), CVPR: open_clip.

    Examples
    --------
    An activation that the weights were not trained with would give worse vectors in silence. It is refused:

    >>> from pathlib import Path
    >>> from companion import DataError
    >>> from companion.encoders import load_clip
    >>> try:
    ...     load_clip("RN101", Path("RN101.pt"), training="openai")
    ... except DataError as error:
    ...     print(error)
    The weights 'openai' were trained with QuickGELU, not GELU
      where: RN101
      expected: QuickGELU
      got: GELU
      what to do: name 'RN101-quickgelu' or pass force_quick_gelu=True
    """
    import open_clip
    from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict

    name = architecture.replace("/", "-")
    config = _architecture(name)
    listed = _training(name, training)
    config["quick_gelu"] = config.get("quick_gelu", False) or force_quick_gelu
    if training is not None:
        _refuse_other_activation(name, training, config["quick_gelu"], listed.get("quick_gelu", False))
    content = read_weights(weights)
    model = build_clip(config)
    load_strictly(model, content, weights)
    preprocessing = merge_preprocess_dict(PreprocessCfg(), listed) | {"size": model.visual.image_size}
    tokenise = open_clip.SimpleTokenizer(
        context_length=config["text_cfg"].get("context_length", 77),
        **config["text_cfg"].get("tokenizer_kwargs", {}),
    )
    return ClipEncoder(
        model,
        image_transform_v2(PreprocessCfg(**preprocessing), is_train=False),
        tokenise,
        name=f"CLIP {name}" + (f" ({training})" if training else ""),
        n_features=config["embed_dim"],
        fingerprint=fingerprint_of(weights, config, preprocessing, device),
        device=device,
    )


def _architecture(name: str) -> dict[str, Any]:
    """Look up a listed architecture whose parts all come with open_clip."""
    import open_clip

    config: dict[str, Any] | None = (
        open_clip.get_model_config(name) if name in open_clip.list_models() else None
    )
    if config is None:
        raise DataError(
            "open_clip lists no such architecture",
            expected="a name of open_clip.list_models(), such as 'RN101-quickgelu' or 'ViT-B-32-quickgelu'",
            got=name,
            do="for an architecture of your own, call open_clip.add_model_config(path) first",
        )
    if from_hub := {"hf_model_name", "hf_tokenizer_name"} & set(config["text_cfg"]):
        raise DataError(
            "The text tower of this architecture needs files from a hub",
            where=name,
            got=", ".join(f"{key}: {config['text_cfg'][key]}" for key in sorted(from_hub)),
            do="choose an architecture whose tokenizer comes with open_clip",
        )
    return config


def _training(name: str, training: str | None) -> dict[str, Any]:
    """Look up what open_clip's list says of a training: preprocessing and activation."""
    import open_clip
    from open_clip.pretrained import get_pretrained_cfg

    if training is None:
        return {}
    listed: dict[str, Any] = get_pretrained_cfg(name, training)
    if not listed:
        raise DataError(
            "open_clip lists no such training of this architecture",
            where=name,
            expected=", ".join(open_clip.list_pretrained_tags_by_model(name)) or "None: none is listed",
            got=training,
            do="name the training the weights come from, or None for weights that are on no list",
        )
    return listed


def _refuse_other_activation(name: str, training: str, quick: bool, trained_quick: bool) -> None:
    import open_clip

    if quick == trained_quick:
        return
    says = {True: "QuickGELU", False: "GELU"}
    quick_name = f"{name}-quickgelu"
    other_name = f"name {quick_name!r} or " if quick_name in open_clip.list_models() else ""
    raise DataError(
        f"The weights {training!r} were trained with {says[trained_quick]}, not {says[quick]}",
        where=name,
        expected=says[trained_quick],
        got=says[quick],
        do=f"{other_name}pass force_quick_gelu=True" if trained_quick else "leave out force_quick_gelu",
    )


def build_clip(config: dict[str, Any]) -> Any:
    """Make a model with random weights; open_clip's factory would write to the log, and could fetch."""
    import open_clip
    import torch

    options = {key: value for key, value in config.items() if key != "custom_text"}
    if "timm_model_name" in options["vision_cfg"]:
        options["vision_cfg"] = options["vision_cfg"] | {"timm_model_pretrained": False}
    kind = open_clip.CustomTextCLIP if config.get("custom_text") else open_clip.CLIP
    with torch.random.fork_rng(devices=[]):  # the draws are overwritten; the caller's state stays as it was
        return (open_clip.CoCa if "multimodal_cfg" in options else kind)(**options)
