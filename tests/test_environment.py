"""``pyproject.toml``, ``requirements.lock`` and ``environment.yml`` name the same environment."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")
FIXED = [
    "jupyter-book",
    "jupytext",
    "torch",
    "mne",
    "nilearn",
    "open-clip-torch",
    "seaborn",
    "statsmodels",
    "papermill",
    "pytest",
]


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def declared() -> list[Requirement]:
    found = project()
    extras = found["optional-dependencies"]
    return [Requirement(text) for text in [*found["dependencies"], *(t for e in extras.values() for t in e)]]


def locked() -> list[Requirement]:
    """The pinned packages, with their markers."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    return [Requirement(line.rstrip("\\").strip()) for line in lines if re.match(r"[A-Za-z0-9]", line)]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_the_lock_satisfies_what_the_project_declares(requirement: Requirement, python: str) -> None:
    where = {"python_full_version": python, "python_version": python[:4], "sys_platform": "linux"}
    if requirement.marker is not None and not requirement.marker.evaluate(where):
        return  # not wanted there
    pins = [
        pin
        for pin in locked()
        if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
        and (pin.marker is None or pin.marker.evaluate(where))
    ]
    assert len(pins) == 1, f"{requirement.name} is pinned {len(pins)} times for Python {python}"
    [pin] = pins
    assert requirement.specifier.contains(Version(str(pin.specifier).removeprefix("==")))


def test_the_lock_is_pinned_hashed_and_names_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert all(str(pin.specifier).startswith("==") for pin in locked())
    assert text.count("--hash=sha256:") >= len(locked())
    assert "://" not in text
    assert "--index" not in text
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_holds_what_users_count_on() -> None:
    names = {canonicalize_name(pin.name) for pin in locked()}
    assert set(FIXED) <= names
    [book] = [pin for pin in locked() if pin.name == "jupyter-book"]
    assert Version(str(book.specifier)[2:]) < Version("2")


def test_torch_and_torchvision_come_from_one_family() -> None:
    constraints = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"][
        "constraint-dependencies"
    ]
    pins = {pin.name: str(pin.specifier) for pin in locked()}
    for text in constraints:
        constraint = Requirement(text)
        assert pins[constraint.name] == str(constraint.specifier)


def test_conda_users_get_the_same_environment() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *plain, last = environment["dependencies"]
    python = Requirement(next(item for item in plain if item.startswith("python")))
    assert [item.split(">")[0].split("<")[0] for item in plain] == ["python", "pip"]
    supported = SpecifierSet(str(project()["requires-python"]))
    for minor in range(9, 16):
        version = f"3.{minor}.0"
        assert python.specifier.contains(version) == supported.contains(version)
    assert last == {"pip": ["--require-hashes", "-r requirements.lock"]}


def test_the_uv_of_the_makefile_is_pinned() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"^UV_VERSION := \d+\.\d+\.\d+$", makefile, re.MULTILINE)
