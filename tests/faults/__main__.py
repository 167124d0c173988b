"""Kill five commands two hundred times: ``python -m tests.faults``. It takes about half an hour."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults.book_scenarios import Build, Run
from tests.faults.campaign import Killed, kill_often
from tests.faults.data_scenarios import Fetch, Simulate, Stimuli, Sweep
from tests.faults.scenario import Scenario

SCENARIOS: dict[str, type[Scenario]] = {
    one.name: one for one in (Fetch, Stimuli, Simulate, Sweep, Run, Build)
}
DEFAULT = "fetch=80,stimuli=12,simulate=38,sweep=40,run=20,build=10"


def main() -> int:
    """Kill, recover, compare, print a table; status 1 if anything was lost, left, redone or different."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of moments, events and victims")
    parser.add_argument("--kills", default=DEFAULT, help="how many of each command")
    parser.add_argument("--report", type=Path, help="a JSON file with every kill")
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary folder")
    given = parser.parse_args()
    if os.name != "posix":
        print("Kills by signal and groups of processes are POSIX's; nothing was run")
        return 2
    killed: list[Killed] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as work:
        for asked in given.kills.split(","):
            name, _, n = asked.partition("=")
            rng = random.Random(f"{given.seed} {name}")
            with SCENARIOS[name](Path(work).resolve() / name) as scenario:
                killed += kill_often(scenario, int(n), rng, lambda line: print(line, flush=True))
    if given.report:
        content = {"seed": given.seed, "kills": [one.told() for one in killed]}
        given.report.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    print("\n" + table(killed))
    return 1 if any(one.problems for one in killed) else 0


def table(killed: list[Killed]) -> str:
    """Where kills fell and what became of them, per command."""
    lines = []
    for name, scenario in SCENARIOS.items():
        own = [one for one in killed if one.command == name]
        if not own:
            continue
        good = sum(not one.problems for one in own)
        lines.append(
            f"{name}: {len(own)} kills, recovered identically {good}/{len(own)}, "
            f"longest recovery {max(one.recovery_s for one in own):.1f} s (compared: {scenario.compared})"
        )
        for title, values in (
            ("by", [f"the {one.way}, {one.victim}" for one in own]),
            ("fell", [one.phase for one in own]),
            ("who", [one.program for one in own]),
        ):
            told = ", ".join(f"{value} {count}" for value, count in Counter(values).most_common())
            lines.append(f"  {title:>4}: {told}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
