"""The recipe of the miniature world leaves out only source that the making of the world never imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import companion
from companion.simulation import recipe

PACKAGE = Path(companion.__file__).parent


def file_of(module: str) -> Path | None:
    """Source of a module of the package; None for a name that is no module."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)


def imported_from(module: str) -> set[Path]:
    """Files of the package that a module imports, at the top or inside functions, and what these import."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = file_of(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("companion"):
                waiting += [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def test_what_the_recipe_leaves_out_is_never_imported_where_the_world_is_made() -> None:
    used = {path.relative_to(PACKAGE).parts for path in imported_from("companion.simulation.world")}
    assert ("encoders", "miniature.py") in used
    assert not [parts for parts in used if recipe.UNUSED & set(parts)]


def test_what_the_recipe_leaves_out_exists() -> None:
    names = {part for path in PACKAGE.rglob("*") for part in path.relative_to(PACKAGE).parts}
    assert not recipe.UNUSED - names


@pytest.mark.parametrize(("changed", "counts"), [("clip.py", True), ("vit.py", False)])
def test_a_change_counts_where_the_world_uses_the_file(
    changed: str, counts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "encoders").mkdir()
    (tmp_path / "simulation").mkdir()
    monkeypatch.setattr(recipe, "__file__", str(tmp_path / "simulation/recipe.py"))
    source = tmp_path / "encoders" / changed
    checksums = []
    for text in ("a = 1", "a = 2"):
        source.write_text(text)
        checksums.append(recipe._source_checksum.__wrapped__())
    assert (checksums[0] != checksums[1]) == counts
