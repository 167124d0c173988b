"""Generated pages: where each chapter comes from, and the data cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from companion.loading.entries import Entry, Manifest
from companion.running.chapters import Chapter
from companion.running.parameters import declared_parameters
from companion.running.wording import as_code, plain

Record = Mapping[str, Any]


def footer(chapter: Chapter, record: Record) -> str:
    """Provenance of one chapter, folded, for the end of its page."""
    used, printed = record["fingerprint"], record["environment"]
    rows = [
        f"| `{name}` | {kind} | {as_code(str(used['parameters'].get(name, default)))} | {meaning} |"
        for name, (kind, default, meaning) in declared_parameters(chapter).items()
    ]
    lines = [
        ":::{admonition} How this page was made",
        ":class: note dropdown",
        "",
        f"Run on {record['finished'][:10]} in {record['seconds']} s with at most "
        f"{record['peak_memory_mb']} MB of memory ({plain(record['device'])}, {printed['system']}, "
        f"Python {printed['python']}), from commit `{printed['commit']}`. "
        "Versions of the packages: {doc}`provenance`.",
    ]
    if rows:
        lines += ["", "| parameter | type | value | meaning |", "|:--|:--|:--|:--|", *rows]
    if used["data"]:
        lines += ["", "| data file | sha256 |", "|:--|:--|"]
        lines += [f"| {as_code(name)} | `{checksum[:16]}…` |" for name, checksum in used["data"].items()]
    return "\n".join([*lines, "", ":::"])


def provenance_page(records: Mapping[str, Record | None]) -> str:
    """Run times, memory and versions of every chapter.

    Parameters
    ----------
    records : mapping
        Record by chapter; None where the chapter's data are missing.
    """
    lines = [
        "(provenance)=",
        "# Run times and provenance",
        "",
        "Written by the run that made these pages.",
        "",
    ]
    lines += ["```{table} What each chapter took", ":name: tab-run-times", ""]
    lines += ["| chapter | seconds | peak memory (MB) | run on | commit |", "|:--|--:|--:|:--|:--|"]
    for name, record in records.items():
        if record is None:
            lines.append(f"| {{doc}}`{name}` | – | – | not run: data missing | – |")
        else:
            lines.append(
                f"| {{doc}}`{name}` | {record['seconds']} | {record['peak_memory_mb']} "
                f"| {record['finished'][:10]} | `{record['environment']['commit']}` |"
            )
    lines += ["```", ""]
    users: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, record in records.items():
        if record is not None:
            printed = record["environment"]
            software = (("Python", printed["python"]), *printed["versions"].items())
            users.setdefault(software, []).append(name)
    for software, names in users.items():
        lines += [f"## Software of {' and '.join(names)}", "", "| package | version |", "|:--|:--|"]
        lines += [*(f"| {package} | {version} |" for package, version in software), ""]
    return "\n".join(lines)


def parameters_page(chapters: Mapping[str, Chapter]) -> str:
    """List what can be set in every chapter: type, default, the papers' value, meaning."""
    lines = [
        "(parameters)=",
        "# Parameters of every chapter",
        "",
        "`companion run CHAPTER -p NAME VALUE` sets one, as often as you like; the value is read as YAML, so "
        "that a list is written `'[1, 2]'`. A misspelt name or a value of the wrong type is refused before "
        "anything runs. Where a column *paper* stands, `-p scale paper` takes its values, unless you give "
        "others. With plain papermill they are ordinary papermill parameters.",
        "",
    ]
    for name, chapter in chapters.items():
        declared = declared_parameters(chapter)
        paper = ["paper"] if chapter.paper else []
        heads = ["name", "type", "default", *paper, "meaning"]
        lines += [f"## {chapter.title}", "", f"`companion run {name}`, page {{doc}}`{name}`", ""]
        lines += [f"| {' | '.join(heads)} |", f"|{':--|' * len(heads)}"]
        for own, (kind, default, meaning) in declared.items():
            printed = [as_code(str(chapter.paper[own])) if own in chapter.paper else ""] if paper else []
            lines.append(f"| {' | '.join([f'`{own}`', kind, as_code(default), *printed, meaning])} |")
        lines.append("")
    return "\n".join(lines)


def data_page(manifest: Manifest) -> str:
    """Cards of all data sets of the manifest, grouped by how one gets them."""
    lines = [
        "(data)=",
        "# Data",
        "",
        "Every data set of the three papers, as declared in `data_manifest.yaml`. What we do not know stands "
        "as *unknown*. `companion data list` shows which of them are on your machine.",
        "",
    ]
    groups = {
        "Fetched with the book": [entry for entry in manifest.entries if entry.fetched_with_the_book],
        "Can be downloaded": [e for e in manifest.entries if not e.manual and not e.fetched_with_the_book],
        "By hand": [e for e in manifest.entries if e.manual and e.origin != "request"],
        "On request": [entry for entry in manifest.entries if entry.manual and entry.origin == "request"],
    }
    for heading, entries in groups.items():
        if entries:
            lines += [f"## {heading}", "", *(line for entry in entries for line in _card(entry))]
    return "\n".join(lines)


def _card(entry: Entry) -> list[str]:
    facts = {
        "id": f"`{entry.id}`",
        "papers": ", ".join(entry.papers),
        "address": plain(entry.address),
        "licence": plain(entry.licence),
        "access": plain(entry.access),
        "layout": plain(entry.layout),
        "files": ", ".join(f"`{file.name}`" for file in entry.files) or "see the layout",
        "how to get it": plain("; ".join(entry.steps))
        if entry.manual
        else f"`companion data fetch {entry.id}`",
        "notes": plain(entry.notes or ""),
        "cite": _cited(entry),
    }
    lines = [f":::{{dropdown}} {plain(entry.title)}", ""]
    lines += [f"* {name}: {fact}" for name, fact in facts.items() if fact]
    return [*lines, ":::", ""]


def _cited(entry: Entry) -> str:
    return entry.citation if isinstance(entry.citation, str) else f"{{cite:p}}`{','.join(entry.citation)}`"
