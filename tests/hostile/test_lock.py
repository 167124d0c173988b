"""What is installed: named, pinned and hashed, all of it, and nothing that nobody asked for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
BLOCKS = [block for block in re.split(r"\n(?=[A-Za-z0-9])", LOCK) if re.match(r"[A-Za-z0-9]", block)]


def declared() -> set[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    texts = [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def asked_for_by(block: str) -> set[str]:
    """Who needs a package, as the comment below its hashes says."""
    said = block.partition("# via")[2].replace("#", " ").split()
    return {canonicalize_name(name) for name in said if not name.startswith("(")}


def test_every_line_pins_one_version_by_its_hashes() -> None:
    assert len(BLOCKS) > 100
    for block in BLOCKS:
        pin, *hashes = block.partition("# via")[0].replace("\\\n", "\n").split("--hash=")
        requirement = Requirement(pin.strip())
        assert requirement.url is None, pin
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), pin
        Version(str(requirement.specifier)[2:])
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes), pin


def test_no_line_is_anything_else() -> None:
    """No address, no index, no link, no file, no other list: pip takes packages by hash alone."""
    for line in LOCK.splitlines():
        assert re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*==|    --hash=sha256:|    # |$", line), line
    assert not re.search(r"://|\bgit\+|@ |^-|file:", LOCK, re.MULTILINE)


def test_nothing_is_locked_that_nobody_asked_for() -> None:
    """The comments lead from each package to the project; what leads nowhere was put in by hand."""
    asked = {canonicalize_name(re.split(r"[=\[; ]", block)[0]): asked_for_by(block) for block in BLOCKS}
    own = canonicalize_name(PROJECT["project"]["name"])
    reached = {name for name, by in asked.items() if own in by}
    assert reached <= declared() | {"colorama"}
    while more := {name for name, by in asked.items() if by & reached} - reached:
        reached |= more
    assert set(asked) - reached == set()


def test_the_ways_to_install_demand_hashes() -> None:
    commands = {
        "Makefile": r"uv pip install .*--require-hashes",
        "environment.yml": r"--require-hashes",
        "README.md": r"pip install --require-hashes -r requirements\.lock",
        "src/companion/running/workshop/start.py": r'"--require-hashes"',
    }
    for name, words in commands.items():
        assert re.search(words, (ROOT / name).read_text("utf-8")), name
