"""Where a rendering comes from: versions, commit, machine in general words."""

from __future__ import annotations

import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from companion.project import data_root, project_root

PACKAGES = (
    "visual-decoding-companion",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "statsmodels",
    "torch",
    "mne",
    "nilearn",
    "himalaya",
    "rsatoolbox",
    "matplotlib",
    "jupyter-book",
    "papermill",
)


def environment() -> dict[str, Any]:
    """Python, platform, package versions and commit. No host, user or folder names."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "commit": commit(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def commit() -> str:
    """Abbreviated commit, with ``+changes`` if the working tree differs; ``unknown`` outside a clone."""
    head = _git("rev-parse", "--short=12", "HEAD")
    if not head:
        return "unknown"
    return f"{head}+changes" if _git("status", "--porcelain", "--untracked-files=no") else head


def impersonal(text: str) -> str:
    """Text without the folders of whoever runs this, for logs and notes that are sent to others.

    What stands in their place leads there in a shell.
    """
    folders = (("$COMPANION_DATA", data_root()), ("$COMPANION_PROJECT", project_root()), ("~", Path.home()))
    for name, folder in folders:
        for told in dict.fromkeys((str(folder), str(folder.resolve()))):
            if len(folder.parts) > 1:  # else it is the root, which nobody is known by
                text = re.sub(rf"{re.escape(told)}(?![\w.-])", name, text)
    return text


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(project_root()), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
