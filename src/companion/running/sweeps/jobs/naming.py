"""The job of BrainCLIP: train a network from fMRI into CLIP, freeze it, name what was seen by text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, get_args

import pandas as pd
from pydantic import Field

from companion.errors import MissingDataError
from companion.loading.manifest import load_manifest
from companion.loading.store import how_to_get
from companion.running.joint_sources import Backbone, god_source
from companion.running.mapping import WEIGHTS
from companion.running.sweeps.cells import Cell, Value, World
from companion.running.sweeps.job import Cost, Job, JobSettings
from companion.running.sweeps.jobs import god_data
from companion.running.sweeps.jobs.god_data import ROIS, Roi, alike
from companion.training.mapping_networks import Kind
from companion.training.supervision import MappingSettings

NETWORKS: tuple[Kind, ...] = get_args(Kind)


class NamingSettings(JobSettings):
    """What the paper's own text could not tell, as the dossier reads the group's released code.

    Attributes
    ----------
    rois : list of str
        Regions whose voxels are mapped, all together.
    backbone : {"RN101", "ViT-B-32", "ViT-L-14"}
        Of official CLIP; the miniature world has its own.
    n_epochs, batch_size : int
        At most half of the pictures are in a batch.
    learning_rate : float
        Of AdamW.
    width : int
        Hidden layers of MLP and VAE.
    """

    rois: list[Roi] = Field(list(ROIS), min_length=1)
    backbone: Backbone = "RN101"
    n_epochs: int = Field(MappingSettings.n_epochs, ge=1)
    batch_size: int = Field(MappingSettings.batch_size, ge=2)
    learning_rate: float = Field(MappingSettings.learning_rate, gt=0)
    width: int = Field(2048, ge=1)

    def training(self, n_pictures: int) -> MappingSettings:
        """How a network is trained on responses to so many pictures."""
        return MappingSettings(
            n_epochs=self.n_epochs,
            batch_size=min(self.batch_size, n_pictures // 2),
            learning_rate=self.learning_rate,
        )

    def hidden(self, network: Kind) -> int | None:
        """Width of a network; the linear one has none."""
        return None if network == "linear" else self.width


class Naming(Job):
    """Cells of BrainCLIP's comparison: one person, one kind of network, one supervision, one seed.

    Every cell has top-1, top-5 and rank of every test picture, named among all test categories by the nearest
    prompt: from the mean response and, as means over its repetitions, from single trials; by raw cosines and
    by cosines about the means of both sides.

    References
    ----------
    Ma et al. (2025), IEEE TMI 44(10), 3962-3972.
    """

    axes: ClassVar[Mapping[str, type]] = MappingProxyType(
        {"subject": int, "supervision": str, "network": str, "seed": int}
    )
    settings: ClassVar[type[JobSettings]] = NamingSettings

    def known(self, axis: str, world: World) -> Sequence[Value] | None:
        """Everybody who is there, all supervisions, all networks."""
        if axis == "subject":
            return god_data.people_there(world)
        known: dict[str, Sequence[Value]] = {"supervision": tuple(WEIGHTS), "network": NETWORKS}
        return known.get(axis)

    def check(self, cells: Sequence[Cell]) -> None:
        """Refuse supervisions and networks that there are not."""
        god_data.refuse_unknown(cells, "supervision", tuple(WEIGHTS))
        god_data.refuse_unknown(cells, "network", NETWORKS)

    def check_data(self, cells: Sequence[Cell]) -> None:
        """Refuse cells whose people, CLIP, captions or pictures are not here."""
        world = cells[0].world
        god_data.refuse_absent(world, {int(cell.axes["subject"]) for cell in cells})
        for same in alike(cells, []):
            found = god_source(
                god_data.stimuli_of(world),
                **world._asdict(),
                backbone=settings_of(same[0]).backbone,
                pool="full",
                device="cpu",
            )
            if found.pictures is None and any(cell.axes["supervision"] != "T" for cell in same):
                how = how_to_get(load_manifest().entry("god-stimulus-images"))
                raise MissingDataError(
                    "Pictures supervise, and they are not on this machine",
                    expected="supervision T alone, or the pictures",
                    do=how,
                )

    def packs(self, cells: Sequence[Cell], device: str) -> list[list[Cell]]:
        """Cells that share a person's files; on a CPU, where networks take minutes, seeds of one kind."""
        return alike(cells, ["subject", *(["network", "supervision"] if device == "cpu" else [])])

    def costs(self, packs: Sequence[Sequence[Cell]], device: str) -> list[Cost]:
        """Time two epochs of each network, in a process of its own; reading files is left out."""
        from companion.running.sweeps.jobs.naming_costs import sizes_of, time_mapping
        from companion.running.sweeps.timing import in_own_process

        found: dict[str, Cost] = {}
        for same in alike([cell for cells in packs for cell in cells], ["network"]):
            settings, network = settings_of(same[0]), same[0].axes["network"]
            epoch = in_own_process(time_mapping, sizes_of(same[0]), settings, network, device)
            found |= {cell.key: epoch._replace(seconds=settings.n_epochs * epoch.seconds) for cell in same}
        return [
            Cost(sum(found[cell.key].seconds for cell in cells), max(found[cell.key].bytes for cell in cells))
            for cells in packs
        ]

    def run(self, cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
        """Train one network after the other, or find it; each is kept, and its scores are, as it is done."""
        from companion.running.sweeps.jobs.named_pictures import named_pictures

        for same in alike(cells, ["subject"]):
            yield from named_pictures(same, device)


def settings_of(cell: Cell) -> NamingSettings:
    """Read what the cell shares with its block."""
    return NamingSettings.model_validate(dict(cell.settings))
