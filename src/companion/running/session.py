"""What a chapter talks to while it runs: set-up, results, figures, explorers, tables."""

from __future__ import annotations

import io
import logging
import math
import os
import random
import re
import sys
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from companion.project import project_root
from companion.running.layout import write_json
from companion.running.memory import peak_memory_mb
from companion.running.tables import table_lines
from companion.running.wording import one_line, p_value

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.figure import Figure

    from companion.figures.explorers.box import Explorer

RUN_FOLDER = "COMPANION_RUN_FOLDER"
TABLE_MARK = "companion_table"
PRINTED_MARK = "companion_printed"
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_LABEL = re.compile(r"[a-z][a-z0-9-]*")
_SVG_ID = "[a-zA-Z][0-9a-f]{10}"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def open_chapter(name: str, *, seed: int) -> OpenChapter:
    """Set a chapter up: one thread, a seed for libraries that draw globally, quiet logging.

    The runner and plain papermill both come through here, so that they agree.

    Parameters
    ----------
    name : str
        Name of the chapter, as in ``book/<name>.md``.
    seed : int
        Seed of the global generators of Python, NumPy and torch. Own code takes its generator explicitly.

    Returns
    -------
    OpenChapter
        Takes the chapter's results, figures and tables.

    Examples
    --------
    A chapter has its process to itself; here, what it sets for the process is set back.

    >>> import logging, os, tempfile
    >>> from unittest.mock import patch
    >>> import matplotlib
    >>> from companion.running import open_chapter
    >>> level = logging.getLogger().level
    >>> with tempfile.TemporaryDirectory() as name, matplotlib.rc_context():
    ...     with patch.dict(os.environ, COMPANION_RUN_FOLDER=name):
    ...         open_chapter("toy", seed=0), os.environ["OMP_NUM_THREADS"]
    (OpenChapter('toy', 0 results), '1')
    >>> logging.getLogger().setLevel(level)
    """
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"

    import threadpoolctl  # these two look at the variables
    import torch

    threadpoolctl.threadpool_limits(1)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)  # which otherwise begins anywhere
    logging.getLogger().setLevel(logging.ERROR)
    warnings.filterwarnings(
        "ignore", "IProgress not found"
    )  # libraries' bars are off where there is no terminal
    _style_figures()
    chosen = os.environ.get(RUN_FOLDER)
    return OpenChapter(name, Path(chosen) if chosen else project_root() / "_build" / "by_hand" / name)


class OpenChapter:
    """Collects what a running chapter finds.

    Parameters
    ----------
    name : str
        Name of the chapter.
    folder : Path
        Receives ``results.json`` and ``figures/``.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from companion.running import OpenChapter
    >>> with tempfile.TemporaryDirectory() as name:
    ...     chapter = OpenChapter("toy", Path(name))
    ...     chapter.record("top1", 12.5)
    ...     json.loads((Path(name) / "results.json").read_text())
    {'top1': 12.5}
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._results: dict[str, float | int | str | bool] = {}

    def __repr__(self) -> str:
        return f"OpenChapter({self.name!r}, {len(self._results)} results)"

    @property
    def results(self) -> Mapping[str, float | int | str | bool]:
        """What was recorded so far."""
        return self._results

    def record(self, key: str, value: object) -> None:
        """Keep one science value: prose reads it by ``glue``, tests and claims from ``results.json``.

        Parameters
        ----------
        key : str
            Lower-case name, used once in the chapter.
        value : float, int, str or bool
            NumPy scalars are converted.

        Raises
        ------
        ValueError
            If the key is malformed or used before, or the number is not finite.
        TypeError
            If the value is none of these types.
        """
        from myst_nb import glue

        if not _KEY.fullmatch(key):
            raise ValueError(f"a result key looks like 'table2_clip_t', got {key!r}")
        if key in self._results:
            raise ValueError(f"result {key!r} is recorded twice in chapter {self.name!r}")
        plain = value.item() if isinstance(value, np.generic) else value
        if not isinstance(plain, bool | int | float | str):
            raise TypeError(
                f"result {key!r} must be a number, a string or a truth value, got {type(value).__name__}"
            )
        if isinstance(plain, float) and not math.isfinite(plain):
            raise ValueError(f"result {key!r} is {plain}; a recorded number must be finite")
        self._results[key] = plain
        write_json(self.folder / "results.json", self._results)
        glue(key, plain, display=False)

    def record_all(self, values: Mapping[str, object]) -> None:
        """Record several values."""
        for key, value in values.items():
            self.record(key, value)

    def record_p(self, key: str, p: float) -> None:
        """Record a p value, and beside it ``<key>_text`` as a sentence prints it."""
        self.record(key, p)
        self.record(f"{key}_text", p_value(float(p)))

    def figure(self, figure: Figure, name: str) -> Image:
        """Save a figure as PNG and SVG, and hand the picture back as the cell's output.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
        name : str
            Label of the figure, as in the cell's metadata.

        Returns
        -------
        IPython.display.Image
            The saved PNG. A heavy one is encoded anew for the page; the file stays as it is.
        """
        from IPython.display import Image

        _check_label(name)
        folder = self.folder / "figures"
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / f"{name}.png", dpi=200, metadata={"Software": None})
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
        (folder / f"{name}.svg").write_text(_with_plain_ids(drawn.getvalue()), "utf-8")
        return Image(filename=str(folder / f"{name}.png"), alt=name)  # type: ignore[no-untyped-call]

    def explorer(self, explorer: Explorer, name: str) -> None:
        """Show a figure that the reader can turn; the page numbers and captions it like any other.

        Parameters
        ----------
        explorer : Explorer
        name : str
            Label of the figure, as in the cell's metadata.
        """
        from IPython.display import display

        _check_label(name)
        display(  # type: ignore[no-untyped-call]
            {"text/html": explorer.html(name), "text/plain": explorer.text}, raw=True
        )

    def table(
        self,
        frame: pd.DataFrame,
        name: str,
        *,
        caption: str,
        formats: Mapping[str, str] | None = None,
        markup: Collection[str] = (),
        printed: bool = False,
    ) -> None:
        """Show a table that the page numbers and captions.

        A notebook viewer shows it as it is. When the book is staged, it becomes a MyST ``table`` directive.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            The index is not shown.
        name : str
            Label for references.
        caption : str
            MyST text.
        formats : mapping, optional
            Format string by column, such as ``{"t": "{:.2f}"}``.
        markup : collection of str
            Columns whose texts are MyST; all other texts are shown as they are.
        printed : bool
            Whether all numbers are those of a publication, and never simulated.
        """
        from IPython.display import display

        _check_label(name)
        lines, caption = table_lines(frame, formats or {}, markup), one_line(caption)
        directive = [f"```{{table}} {caption}", f":name: {name}", "", *lines, "```"]
        display(  # type: ignore[no-untyped-call]
            {
                "text/markdown": "\n".join([f"*{caption}*", "", *lines]),
                "text/plain": frame.to_string(index=False),
            },
            raw=True,
            metadata={TABLE_MARK: "\n".join(directive), PRINTED_MARK: printed},
        )


def finish(folder: str) -> None:
    """Write down what only the kernel knows: peak memory, the device it used, the modules it imported.

    The runner calls it in a cell of its own, after the last one of the chapter.
    """
    modules = sorted(name for name in sys.modules if name == "companion" or name.startswith("companion."))
    found = {"peak_memory_mb": peak_memory_mb(), "device": _device(), "modules": modules}
    write_json(Path(folder) / "kernel.json", found)


def _check_label(name: str) -> None:
    if not _LABEL.fullmatch(name):
        raise ValueError(f"a label looks like 'fig-cross-subject', got {name!r}")


def _with_plain_ids(svg: str) -> str:
    """Count matplotlib's ids: they are checksums of numbers whose last digits differ from run to run."""
    known = dict.fromkeys(re.findall(f'id="({_SVG_ID})"', svg))
    plain = {found: f"{found[0]}{n}" for n, found in enumerate(known)}
    return re.sub(rf"\b{_SVG_ID}\b", lambda match: plain.get(match[0], match[0]), svg)


def _device() -> str:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return str(torch.cuda.get_device_name())
    return "CPU"


def _style_figures() -> None:
    from companion.figures.style import apply_style

    apply_style()
