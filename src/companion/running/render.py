"""Jupyter Book in a process of its own; it ends with the one that started it (`companion.running.build`)."""

from __future__ import annotations

import sys

from companion.system.workers import end_with_input


def main() -> None:
    """Render a staging tree into a folder; a warning is a failure."""
    end_with_input()
    from jupyter_book.cli.main import main as jupyter_book

    stage, work = sys.argv[1:]
    jupyter_book(["build", stage, "--path-output", work, "-W", "-n", "--keep-going"])


if __name__ == "__main__":
    main()
