"""A book of chapters that load next to nothing, to be spoilt: nothing is drawn, nothing is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.running.conftest import TinyBook, lay_out, point_at

PAGE = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{name: python3, display_name: Python 3, language: python}}
---
({name})=
# {name}

```{{code-cell}} ipython3
:tags: [parameters]
n: int = 1  # how many
```

```{{code-cell}} ipython3
from pathlib import Path
flag = Path({flag!r})
{cell}
```
"""


def plain_book(root: Path, cells: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> TinyBook:
    """Lay out a book of one cell per chapter; a cell may look whether ``flag`` exists."""
    book = lay_out(root)
    for name in ("first", "second"):
        (root / "book" / f"{name}.md").unlink()
    for name, cell in cells.items():
        page = PAGE.format(name=name, cell=cell, flag=str(root / "flag"))
        (root / "book" / f"{name}.md").write_text(page, "utf-8")
    book.write_toc()
    return point_at(book, monkeypatch)
