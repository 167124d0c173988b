"""Downloads, the miniature world, and a sweep, as what is killed."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq
import yaml

from companion.loading.sources import RECORD
from companion.running.sweeps.grid import read_grid
from tests.fault_server import FaultServer
from tests.faults.scenario import Scenario, Unit
from tests.running.sweeps.toy import NAME

HOST = "data.example.org"
FILES = {
    "first-set": {"a.bin": 300_000, "b.bin": 1_200_000, "c.bin": 70_000},
    "second-set": {"a.bin": 2_000_000},
    "third-set": {"small.txt": 5, "d.bin": 700_000},
}
CHUNK_PAUSE_S = 0.012


class Fetch(Scenario):
    """Six files in three sets from a slow server; one is there already, one is there and wrong."""

    name, arguments = "fetch", ("data", "fetch", *FILES)
    compared = "every file, by sha256"

    def prepare(self) -> None:
        served = {}
        entries = []
        for entry, files in FILES.items():
            told = []
            for name, size in files.items():
                content = random.Random(f"{entry}/{name}").randbytes(size)
                served[f"/{HOST}/{entry}/{name}"] = content
                told.append(
                    {
                        "name": name,
                        "url": f"https://{HOST}/{entry}/{name}",
                        "size": size,
                        "sha256": hashlib.sha256(content).hexdigest(),
                    }
                )
            entries.append(_entry(entry, told))
        project, data = self.start / "project", self.start / "data"
        (project / "book").mkdir(parents=True)
        (project / "data_manifest.yaml").write_text(yaml.safe_dump({"entries": entries}), "utf-8")
        for place in ("first-set", "third-set"):
            (data / place).mkdir(parents=True)
        (data / "first-set/a.bin").write_bytes(served[f"/{HOST}/first-set/a.bin"])
        (data / "third-set/d.bin").write_bytes(b"another file")
        self.server = FaultServer(served, lambda: time.sleep(CHUNK_PAUSE_S))
        self.server.__enter__()

    def __exit__(self, *exception: object) -> None:
        self.server.__exit__(*exception)
        super().__exit__(None, None, None)

    def environment(self) -> dict[str, str]:
        return {
            "COMPANION_PROJECT": str(self.state / "project"),
            "COMPANION_DATA": str(self.state / "data"),
            "COMPANION_MIRROR": self.server.url,
        }

    def units(self) -> dict[str, Unit]:
        data = self.state / "data"
        named = [data / entry / name for entry, files in FILES.items() for name in files]
        return {
            f"{path.parent.name}/{path.name}": self.unit([path], data) for path in named if path.is_file()
        }


def _entry(name: str, files: list[dict[str, object]]) -> dict[str, object]:
    same = dict.fromkeys(("title", "address", "licence", "access", "layout"), "made up")
    return same | {
        "id": name,
        "papers": ["shared"],
        "origin": "download",
        "citation": "unknown",
        "chapters": [],
        "files": files,
    }


class Stimuli(Scenario):
    """The stimuli of the miniature world at smoke scale, of which nothing is there."""

    name, arguments = "stimuli", ("data", "simulate", "stimuli", "--scale", "smoke", "--jobs", "2")
    compared = "every file, byte by byte"

    def prepare(self) -> None:
        pass

    def environment(self) -> dict[str, str]:
        return {"COMPANION_DATA": str(self.state / "data"), "OMP_NUM_THREADS": "1"}

    def units(self) -> dict[str, Unit]:
        folder = self.state / "data/miniature/smoke/stimuli"
        return {"stimuli": self.unit(folder.rglob("*"), folder)} if (folder / RECORD).is_file() else {}


class Simulate(Stimuli):
    """Two recordings at smoke scale, with their stimuli; of one recording an outdated making lies there."""

    name = "simulate"
    arguments = ("data", "simulate", "things-eeg2", "ecog", "--scale", "smoke", "--jobs", "2")
    people: ClassVar[Mapping[str, tuple[str, ...]]] = {"things-eeg2": ("sub-01", "sub-02"), "ecog": ("E1",)}

    def prepare(self) -> None:
        self.companion(*Stimuli.arguments)
        old = self.start / "data/miniature/smoke/world/ecog"
        old.mkdir(parents=True)
        for name in ("participants.tsv", *(f"old-{number}.txt" for number in range(9))):
            (old / name).write_text("old\n", "utf-8")
        (old / RECORD).write_text(json.dumps({"part": "ecog", "scale": "smoke", "simulated": True}), "utf-8")

    def units(self) -> dict[str, Unit]:
        found = super().units()
        for part, people in self.people.items():
            folder = self.state / "data/miniature/smoke/world" / part
            if (folder / RECORD).is_file():
                found[part] = self.unit(folder.rglob("*"), folder)
            for number, person in enumerate(people, start=1):
                there = self._place(part, number)
                if there is not None:
                    files = [path for path in there.rglob(f"*{person}*") if path.suffix != ".partial"]
                    inside = [path for one in files if one.is_dir() for path in one.rglob("*")]
                    found[f"{part}, person {number}"] = self.unit([*files, *inside], there)
        return found

    def _place(self, part: str, number: int) -> Path | None:
        """Where a finished person lies: in the part, or in one that is being made."""
        world = self.state / "data/miniature/smoke/world"
        making = world / f".making-{part}"
        if (making / f".done/{number}").exists() or (making / RECORD).is_file():
            return making
        return world / part if (world / part / RECORD).is_file() else None


class Sweep(Scenario):
    """Sixteen cells of a toy job in packs of two; two of them failed before."""

    name = "sweep"
    workers = 2
    numbers: tuple[int, ...] = tuple(range(8))
    compared = "tables of all cells with what made them, less times; the declared grid byte by byte"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.arguments = ("sweep", str(self.state / "grid.yaml"), "--device", "cpu")
        self.arguments += ("--workers", str(self.workers))

    def prepare(self) -> None:
        grid = {
            "name": "tiny",
            "job": NAME,
            "settings": {"log": str(self.home / "begun.txt"), "seconds": 0.05},
            "blocks": [{"axes": {"number": list(self.numbers), "letter": ["a", "b"]}}],
        }
        (self.start / "grid.yaml").write_text(yaml.safe_dump(grid), "utf-8")
        for cell in read_grid(self.start / "grid.yaml").cells()[:2]:
            note = self.start / f"data/sweeps/tiny/failed/{cell.key}.json"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(
                json.dumps({"cell": str(cell), "error": "of an earlier try", "trace": ""}), "utf-8"
            )

    def environment(self) -> dict[str, str]:
        return {"COMPANION_DATA": str(self.state / "data"), "OMP_NUM_THREADS": "1"}

    def units(self) -> dict[str, Unit]:
        cells = self.state / "data/sweeps/tiny/cells"
        return {path.stem: self.unit([path], cells) for path in cells.glob("*.parquet")}

    def content(self, path: Path) -> str:
        if path.suffix != ".parquet":
            return super().content(path)
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[b"companion"])
        for timed in ("seconds", "finished", "sha256"):  # the last one is of all of it
            about.pop(timed, None)
        del about["environment"]["commit"]  # it is not the command that changes it
        told = json.dumps([about, table.to_pandas().to_json()], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()
