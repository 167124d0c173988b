"""The ``companion`` command: thin, everything it does is in the rooms."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import BrokenExecutor
from importlib.metadata import version
from typing import Annotated, Any, Literal

import yaml
from cyclopts import App, Parameter

from companion.commands.data import Jobs, Mirror, data_app, prepare
from companion.commands.pages import inspect, pdf
from companion.commands.rehearse import rehearse
from companion.commands.sweep import sweep
from companion.commands.workshop import workshop_app
from companion.errors import ChapterError, CompanionError
from companion.loading.sources import Null, ScaleName
from companion.project import absolute_folders
from companion.system.strict_yaml import load_yaml
from companion.system.trouble import explained

app = App(
    name="companion",
    help="Run the chapters, build the book, fetch the data.",
    version=lambda: version("visual-decoding-companion"),
    suppress_keyboard_interrupt=False,  # main() says what is kept
)
app.command(data_app)
app.command(inspect)
app.command(pdf)
app.command(rehearse)
app.command(sweep)
app.command(workshop_app)

Pairs = Annotated[
    list[tuple[str, str]] | None,
    Parameter(name=["-p", "--parameter"], negative="", json_list=False, json_dict=False),
]
_POWER_OF_TEN = re.compile(r"[+-]?\d+\.?\d*[eE][+-]?\d+")
Force = Annotated[bool, Parameter(negative="")]


@app.command
def run(*chapters: str, parameter: Pairs = None, jobs: Jobs = None, force: Force = False) -> int:
    """Run chapters through papermill; those that are unchanged are left alone.

    Parameters
    ----------
    chapters
        Names such as `ruler`; all chapters if none is given.
    parameter
        Name and value, such as `-p n_bootstrap 200`; the value is read as YAML.
    jobs
        Chapters at a time; one per core by default.
    force
        Run unchanged chapters too.
    """
    from companion.running.chapters import choose
    from companion.running.layout import Layout
    from companion.running.schedule import run_chapters

    runs = run_chapters(
        choose(list(chapters)), _parameters(parameter), Layout.default(), jobs=jobs, force=force
    )
    return 1 if any(found.outcome == "failed" for found in runs) else 0


@app.command
def build(*, edition: Literal["reader", "workshop"] = "reader") -> int:
    """Build the HTML book, strictly, from chapters that have been run.

    Parameters
    ----------
    edition
        `workshop` leaves solutions out, and adds goals and minutes; both come from the same runs.
    """
    from companion.running.build import build_book
    from companion.running.layout import Layout

    print(f"The book is at {build_book(Layout.default(edition))}")
    return 0


@app.command
def book(
    *,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    jobs: Jobs = None,
    force: Force = False,
    mirror: Mirror = None,
) -> int:
    """Fetch the small public files, make the miniature world, run every chapter, build the book.

    Parameters
    ----------
    scale
        Size of the miniature world.
    null
        A null world instead of the world. That book, and one of another size, has its own folder.
    jobs
        Chapters at a time; one per core by default.
    force
        Run unchanged chapters too.
    """
    from companion.running.build import build_book
    from companion.running.chapters import all_chapters
    from companion.running.schedule import run_chapters
    from companion.running.verify import Edition

    edition = Edition(scale, null)
    prepare(edition.scale, edition.null, jobs, mirror)
    chapters = list(all_chapters().values())
    runs = run_chapters(chapters, edition.parameters, edition.layout, jobs=jobs, force=force)
    if any(found.outcome == "failed" for found in runs):
        return 1
    print(f"The book is at {build_book(edition.layout)}")
    return 0


@app.command
def doctor() -> int:
    """Say in plain words what this machine has and what of the book it can run; 1 if not the book itself."""
    from companion.running.doctor import examine, report

    has, can = examine()
    print(report(has, can))
    return 0 if can[0].answer == "yes" else 1


@app.command(name="verify")
def verify_book(
    *,
    scale: ScaleName = "lesson",
    null: Null | None = None,
    accept: Annotated[bool, Parameter(negative="")] = False,
    jobs: Jobs = None,
    mirror: Mirror = None,
) -> int:
    """Run what is not up to date, compare all results and outcomes with the committed record, say what moved.

    Parameters
    ----------
    scale
        Which record: `smoke` (minutes), or `lesson`, that of the book.
    null
        Outcomes of the claims in a null world instead.
    accept
        Write the record anew. At smoke scale chapters are run with other seeds, too, for the tolerances.
    jobs
        Chapters at a time; one per core by default.
    """
    from companion.running.verify import Edition, verify

    prepare(scale, null, jobs, mirror)
    return 0 if verify(Edition(scale, null), accept=accept, jobs=jobs) else 1


def _parameters(pairs: list[tuple[str, str]] | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in pairs or []:
        if name in given:
            raise ChapterError(f"Parameter {name} is given twice", do="give it once; nothing was run")
        try:
            value = load_yaml(text)
        except yaml.YAMLError as error:
            raise ChapterError(
                f"The value of parameter {name} cannot be read", got=text, do="quote it; nothing was run"
            ) from error
        if isinstance(value, str) and _POWER_OF_TEN.fullmatch(value):
            value = float(value)  # which YAML 1.1 takes for a text
        given[name] = text if value is None else value  # `null` names a source; no parameter takes nothing
    return given


def main() -> None:
    """Run the command line; errors a person can mend are printed without a traceback."""
    try:
        absolute_folders()
        code = app(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except (OSError, MemoryError, BrokenExecutor) as error:
        told = explained(error)
        if told is None:
            raise
        print(told, file=sys.stderr)
        code = 1
    except CompanionError as error:
        print(error, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print("\ninterrupted; what is finished is kept, run again to go on", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
