"""Start the workshop.

    python start.py              make ready what is missing, then open the notebooks
    python start.py --check      run the first notebook to its end, and say how long it took
    python start.py --check-all  the same with every notebook: for whoever prepares a class
    python start.py --download   put all packages into the folder `packages`, for machines without a network

Nothing is installed outside this folder. Where the Python that you start this with has the packages, it is
used as it is; else they are installed into `.venv` here, from the folder `packages`, or from the network.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import venv
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
PACKAGES = HERE / "packages"
NEEDED = ("torch", "mne", "nilearn", "statsmodels", "open_clip", "nbclient", "jupyterlab")


def main() -> int:
    """Do what was asked for; return a status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="run the first notebook to its end")
    parser.add_argument("--check-all", action="store_true", help="run every notebook to its end")
    parser.add_argument(
        "--download", action="store_true", help="fetch all packages into the folder `packages`"
    )
    asked = parser.parse_args()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        print(f"Python 3.11, 3.12 or 3.13 is needed; this is {sys.version.split()[0]}.")
        return 1
    if asked.download:
        PACKAGES.mkdir(exist_ok=True)
        return pip("download", "--require-hashes", "-r", str(LOCK), "-d", str(PACKAGES))
    if any(find_spec(name) is None for name in NEEDED):
        return in_own_environment()
    notebooks = sorted((HERE / "notebooks").glob("*.ipynb"))
    if asked.check or asked.check_all:
        return check(notebooks if asked.check_all else notebooks[:1])
    return open_notebooks()


def in_own_environment() -> int:
    """Make the environment in this folder, and go on in it."""
    folder = HERE / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if Path(sys.prefix).resolve() == folder:
        print("The environment in .venv lacks packages: delete that folder, and start me again.")
        return 1
    if not python.is_file():
        venv.create(folder, with_pip=True)
    where = ["--no-index", "--find-links", str(PACKAGES)] if PACKAGES.is_dir() else []
    print("Installing the packages into .venv: some minutes, 7 GB.", flush=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", *where, "-r", str(LOCK)]
    done = subprocess.run(command, check=False)
    if done.returncode:
        print("That failed. Without a network, ask for the folder `packages` (python start.py --download).")
        return done.returncode
    return subprocess.run([str(python), __file__, *sys.argv[1:]], check=False).returncode


def check(notebooks: list[Path]) -> int:
    """Run notebooks to their ends."""
    import nbformat
    from nbclient import NotebookClient

    for path in notebooks:
        print(f"Running {path.name} …", flush=True)
        started = time.perf_counter()
        place = {"metadata": {"path": str(path.parent)}}
        NotebookClient(nbformat.read(path, as_version=4), kernel_name="python3", resources=place).execute()
        print(f"{path.name} ran to its end in {time.perf_counter() - started:.0f} s.", flush=True)
    print("This machine is ready.")
    return 0


def open_notebooks() -> int:
    """Open the notebooks in the browser, from a server that only this machine can reach."""
    command = [sys.executable, "-m", "jupyterlab", "--ip", "127.0.0.1", str(HERE / "notebooks")]
    return subprocess.run(command, check=False).returncode


def pip(*arguments: str) -> int:
    """Run pip of this Python."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
