"""The public door of every room: each name is reached, documented by an example that runs, and on a page.

The examples themselves run as doctests of the modules that define the names.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import companion
from companion.project import project_root

ROOMS = (
    "loading",
    "encoders",
    "alignment",
    "training",
    "decoding",
    "statistics",
    "figures",
    "simulation",
    "running",
)
PACKAGES = ("companion", *(f"companion.{room}" for room in ROOMS))
BOOK = project_root() / "book"
MOST = 50
"""Names of a room: more than these nobody looks through."""


def stub(package: str) -> Path:
    return Path(companion.__file__).parent.joinpath(*package.split(".")[1:], "__init__.pyi")


def public() -> list[tuple[str, str]]:
    found = []
    for package in PACKAGES:
        tree = ast.parse(stub(package).read_text("utf-8"))
        lines = [line for line in tree.body if isinstance(line, ast.ImportFrom)]
        found += [(package, alias.asname or alias.name) for line in lines for alias in line.names]
    return found


def overview() -> dict[str, list[str]]:
    """Names that the first page lists, by package."""
    listed: dict[str, list[str]] = {}
    for line in (BOOK / "api.md").read_text("utf-8").splitlines():
        if line.startswith(".. currentmodule:: "):
            listed[line.rpartition(" ")[2]] = []
        elif line.startswith("   ") and not line.startswith("   :"):
            listed[list(listed)[-1]].append(line.strip())
    return listed


def page_of(package: str) -> Path:
    room = package.partition(".")[2] or "types"
    return BOOK / f"api_{room}.md"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_door_opens_to_what_its_stub_says(package: str) -> None:
    module = importlib.import_module(package)
    listed = [name for where, name in public() if where == package]
    assert sorted(module.__all__) == sorted(set(listed)) == sorted(listed)
    assert set(module.__all__) <= set(dir(module))
    assert 4 <= len(module.__all__) <= MOST


@pytest.mark.parametrize(("package", "name"), public())
def test_a_public_name_has_an_example(package: str, name: str) -> None:
    thing = getattr(importlib.import_module(package), name)
    assert isinstance(thing, type) or callable(thing)
    assert thing.__name__ == name
    assert thing.__module__.startswith(package)
    text = thing.__doc__ or ""
    assert text.split("\n")[0].strip()
    _, heading, examples = text.partition("Examples\n")
    assert heading, "no section of examples"
    assert ">>> " in examples
    assert f">>> from {package} import " in examples, "does not run where it is pasted"
    assert "doctest: +SKIP" not in examples


@pytest.mark.parametrize(("package", "name"), public())
def test_a_public_name_is_on_the_pages(package: str, name: str) -> None:
    full = f"{package}.{name}"
    page = page_of(package).read_text("utf-8").splitlines()
    directives = (f".. autofunction:: {full}", f".. autoclass:: {full}", f".. autoexception:: {full}")
    assert sum(page.count(line) for line in directives) == 1
    assert overview()[package].count(name) == 1


def test_the_pages_name_nothing_that_is_not_public() -> None:
    for package in PACKAGES:
        names = {name for where, name in public() if where == package}
        assert set(overview()[package]) == names
        lines = page_of(package).read_text("utf-8").splitlines()
        shown = {line.rpartition(" ")[2] for line in lines if line.startswith(".. auto")}
        assert shown == {f"{package}.{name}" for name in names}, package


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = (project_root() / "_toc.yml").read_text("utf-8")
    for page in map(page_of, PACKAGES):
        assert f"file: book/{page.stem}\n" in contents


def test_a_name_that_a_submodule_bears_too_stays_the_name() -> None:
    """Importing ``loading.published`` must not put the module in the place of the function."""
    for package, name in public():
        module = importlib.import_module(package)
        if importlib.util.find_spec(f"{package}.{name}") is not None:
            importlib.import_module(f"{package}.{name}")
            thing = getattr(module, name)
            assert callable(thing), f"{package}.{name}"
            assert thing.__module__.startswith(f"{package}.{name}"), "a namesake that nothing guards"


def test_opening_a_door_loads_nothing_heavy() -> None:
    opened = "".join(f"import {package}; " for package in PACKAGES)
    heavy = {"torch", "mne", "matplotlib", "pandas", "sklearn", "papermill"}
    code = f"import sys; {opened}sys.exit(' '.join({heavy!r} & sys.modules.keys()) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_types_are_shipped() -> None:
    assert (Path(companion.__file__).parent / "py.typed").is_file()
