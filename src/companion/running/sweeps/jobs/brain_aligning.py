"""The job of the brain-aligned paper: bend a space by other people's brains, decode, identify categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Literal, get_args

import pandas as pd
from pydantic import Field

from companion.alignment.autoencoder import Options
from companion.alignment.brain import ALPHAS
from companion.errors import DataError, MissingDataError
from companion.loading.manifest import load_manifest
from companion.loading.store import how_to_get
from companion.running.official_semantics import official_sources
from companion.running.semantic_sources import Kind
from companion.running.sweeps.cells import Cell, Value, World
from companion.running.sweeps.job import Cost, Job, JobSettings
from companion.running.sweeps.jobs import god_data
from companion.running.sweeps.jobs.god_data import alike

SPACES: tuple[Kind, ...] = get_args(Kind)
_MADE_FROM = {"image": "god-image-features", "word": "glove-42b"}  # official files that are enough


class BrainAligningSettings(JobSettings):
    """What the paper states and, where it does not, the reading used here.

    Attributes
    ----------
    people : list of int
        Who is there to teach; the person who is decoded never teaches.
    n_candidates : int
        Categories outside the data set, among which a decoded one is identified.
    draw : int
        Seed of drawing candidates, and of the fixed exchange of categories.
    n_voxels : int
        Of each unit's decoder, where a region has so many.
    standardised : bool
        Whether voxels are standardised before teachers are made of them.
    n_epochs, batch_size, learning_rate, latent, reduction, n_layers
        Of auto-encoders; see :class:`companion.alignment.autoencoder.Options`.
    """

    people: list[int] = Field([1, 2, 3, 4, 5], min_length=2)
    n_candidates: int = Field(1000, ge=1)
    draw: int = Field(0, ge=0)
    n_voxels: int = Field(500, ge=1)
    standardised: bool = True
    n_epochs: int = Field(Options.n_epochs, ge=1)
    batch_size: int = Field(Options.batch_size, ge=2)
    learning_rate: float = Field(Options.learning_rate, gt=0)
    latent: Literal["after ReLU", "before ReLU"] = Options.latent
    reduction: Literal["mean", "sum"] = Options.reduction
    n_layers: Literal[1, 2] = Options.n_layers

    def options(self, n_categories: int) -> Options:
        """Of auto-encoders that are trained on so many categories."""
        return Options(
            self.n_epochs,
            min(self.batch_size, n_categories),
            self.learning_rate,
            self.latent,
            self.reduction,
            self.n_layers,
        )


class BrainAligning(Job):
    """Cells of Fig. 3: one space, one region, one person who is decoded, one alpha, one seed.

    A cell of alpha 1, which looks at no brain, also has the scores of the vectors as they were (``alignment``
    is then ``none``, without an ``alpha``), so that the 350 alignments of the paper make all of its figure.

    References
    ----------
    Vafaei et al. (2026), Communications Biology 9, 206, Fig. 3.
    """

    axes: ClassVar[Mapping[str, type]] = MappingProxyType(
        {"space": str, "roi": str, "subject": int, "alpha": float, "seed": int}
    )
    settings: ClassVar[type[JobSettings]] = BrainAligningSettings

    def known(self, axis: str, world: World) -> Sequence[Value] | None:
        """Both spaces, all regions, everybody who is there, the paper's alphas."""
        if axis == "subject":
            return god_data.people_there(world)
        known: dict[str, Sequence[Value]] = {"space": SPACES, "roi": god_data.ROIS, "alpha": ALPHAS}
        return known.get(axis)

    def check(self, cells: Sequence[Cell]) -> None:
        """Refuse spaces, regions and alphas that there are not, and people whom nobody else could teach."""
        god_data.refuse_unknown(cells, "space", SPACES)
        god_data.refuse_unknown(cells, "roi", god_data.ROIS)
        for cell in cells:
            if not 0 < float(cell.axes["alpha"]) <= 1:
                raise DataError(
                    "An alpha weighs reconstruction", expected="in (0, 1]", got=cell.axes["alpha"]
                )
            god_data.refuse_unknown([cell], "subject", settings_of(cell).people)

    def check_data(self, cells: Sequence[Cell]) -> None:
        """Refuse cells whose people, pictures or words are not here."""
        world = cells[0].world
        god_data.refuse_absent(world, {person for cell in cells for person in settings_of(cell).people})
        if world.source != "official":
            world.folder("stimuli")
            return
        lists = god_data.stimuli_of(world)
        found = [one.kind for one in official_sources(lists, seed=0, device="cpu", cache=None)]
        if absent := sorted({str(cell.axes["space"]) for cell in cells} - set(found)):
            raise MissingDataError(
                f"What the {absent[0]} space is made from is not on this machine",
                got=f"what the {found[0]} space is made from",
                do=how_to_get(load_manifest().entry(_MADE_FROM[absent[0]])),
            )

    def packs(self, cells: Sequence[Cell], device: str) -> list[list[Cell]]:
        """Cells whose auto-encoders train together: of a space and a seed, on a CPU of one region.

        On a CPU a region fills the program already, and small packs keep all workers busy to the end.
        """
        axes = ["space", "seed", *(["roi"] if device == "cpu" else [])]
        return alike(cells, axes)

    def costs(self, packs: Sequence[Sequence[Cell]], device: str) -> list[Cost]:
        """Time a few epochs and decoders of each space, at its largest region and pack.

        Reading files and looking vectors of pictures up is left out: seconds per pack.
        """
        from companion.running.sweeps.jobs.aligning_costs import sizes_of, time_aligning
        from companion.running.sweeps.timing import in_own_process

        found: dict[str, Cost] = {}
        for same in alike([cell for cells in packs for cell in cells], ["space"]):
            settings, sizes = settings_of(same[0]), sizes_of(same)
            keys = {cell.key for cell in same}
            those = [cells for cells in packs if cells[0].key in keys]
            timing = in_own_process(time_aligning, sizes, settings, max(map(len, those)), device)
            found |= {cells[0].key: timing.cost(cells, sizes, settings.n_epochs) for cells in those}
        return [found[cells[0].key] for cells in packs]

    def run(self, cells: Sequence[Cell], device: str) -> Iterator[tuple[Cell, pd.DataFrame]]:
        """Train auto-encoders together, then go from person to person; decoders share a person's voxels."""
        from companion.running.sweeps.jobs.aligned_regions import decoded_regions

        for same in alike(cells, ["space", "seed"]):
            yield from decoded_regions(same, device)


def settings_of(cell: Cell) -> BrainAligningSettings:
    """Read what the cell shares with its block."""
    return BrainAligningSettings.model_validate(dict(cell.settings))
