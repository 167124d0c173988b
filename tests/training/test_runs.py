"""Runs: alone or together, interrupted or not, they learn the same; and nothing else reaches them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import companion.training.runs as runs_module
from companion.errors import DataError
from companion.training.checkpoint import load_encoder, save_encoder
from companion.training.contrastive import centred_unit, info_nce
from companion.training.draws import Draws, draw_pairs
from companion.training.encoders.interface import draw_masks
from companion.training.encoders.nice import Nice
from companion.training.program import Program
from companion.training.runs import Run, Trained, train_runs
from companion.training.settings import Settings, published

N_CHANNELS, N_TIMES, N_FEATURES, N = 4, 90, 6, 150
CPU = torch.device("cpu")
SETTINGS = Settings(n_steps=20, batch_size=16, learning_rate=1e-3, validate_every=5)


def build() -> Nice:
    return Nice(N_CHANNELS, N_TIMES, N_FEATURES)


def problem(shift: float = 0.0) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
    """Responses whose slow part follows the vectors: inputs, vectors, pairs."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.randn(N, N_FEATURES, generator=generator)
    mixing = torch.randn(N_FEATURES, N_CHANNELS, generator=generator)
    slow = torch.sin(torch.arange(N_TIMES) / 30)
    responses = (targets @ mixing)[:, :, None] * slow + torch.randn(
        N, N_CHANNELS, N_TIMES, generator=generator
    )
    return build().prepare(responses + shift), targets, torch.arange(N)[:, None].repeat(1, 2)


def three_runs(pairs: Tensor) -> list[Run]:
    return [
        Run(seed, pairs[:120], pairs[120:]) if seed < 3 else Run(seed, pairs[20:], pairs[:20])
        for seed in (1, 2, 3)
    ]


def difference(first: Trained, second: Trained) -> float:
    """Largest difference of weights and running statistics, relative to the array's size where above 1."""
    states = first.encoder.state_dict(), second.encoder.state_dict()
    return max(
        float((values - states[1][name]).abs().max() / values.abs().max().clamp(min=1))
        for name, values in states[0].items()
    )


@pytest.mark.parametrize("learn_temperature", [False, True])
def test_runs_together_learn_what_each_learns_alone(learn_temperature: bool) -> None:
    inputs, targets, pairs = problem()
    settings = replace(SETTINGS, learning_rate=2e-4, learn_temperature=learn_temperature, leave_out_same=True)
    alone = train_runs(build, inputs, targets, three_runs(pairs), settings, together=1)
    beside = train_runs(build, inputs, targets, three_runs(pairs), settings, together=3)
    for one, other in zip(alone, beside, strict=True):
        assert difference(one, other) < 1e-5
        assert one.training_losses == pytest.approx(other.training_losses, rel=5e-6)
        assert (one.temperature != pytest.approx(0.04)) == learn_temperature
    assert difference(alone[0], alone[1]) > 1e-3  # other seeds, other weights


def test_a_run_is_decided_by_its_seed_and_leaves_the_callers_state_alone() -> None:
    inputs, targets, pairs = problem()
    runs = three_runs(pairs)[:1]
    before = torch.random.get_rng_state()
    first = train_runs(build, inputs, targets, runs, SETTINGS)[0]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert difference(first, train_runs(build, inputs, targets, runs, SETTINGS)[0]) == 0


def test_training_learns_and_keeps_the_best_validation() -> None:
    inputs, targets, pairs = problem()
    settings = replace(SETTINGS, n_steps=80, learning_rate=3e-3, temperature=0.2)
    done = train_runs(build, inputs, targets, three_runs(pairs)[:1], settings)[0]
    assert len(done.validation_losses) == 16
    assert min(done.validation_losses) < done.validation_losses[0] - 0.2
    assert done.validation_losses[done.best] == min(done.validation_losses)
    assert not done.encoder.training


class KilledError(Exception):
    pass


def killed_after(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let training die in the middle of the n-th stretch between validations."""
    whole, calls = Program.update, [0]

    def update(self: Program) -> Tensor:
        calls[0] += 1
        if calls[0] > n * SETTINGS.validate_every + 2:
            raise KilledError
        return whole(self)

    monkeypatch.setattr(Program, "update", update)


@pytest.mark.parametrize("together", [1, 3])
def test_weights_after_kill_and_resume_are_those_of_an_undisturbed_run(
    together: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, targets, pairs = problem()
    settings = replace(SETTINGS, learn_temperature=True)
    undisturbed = train_runs(build, inputs, targets, three_runs(pairs), settings, together=together)
    with monkeypatch.context() as patched:
        killed_after(2, patched)
        with pytest.raises(KilledError):
            train_runs(
                build, inputs, targets, three_runs(pairs), settings, together=together, folder=tmp_path
            )
    assert list(tmp_path.glob("state-*"))
    steps: list[int] = []
    whole = Program.update

    def counted(self: Program) -> Tensor:
        steps.append(self.step)
        return whole(self)

    monkeypatch.setattr(Program, "update", counted)
    resumed = train_runs(
        build, inputs, targets, three_runs(pairs), settings, together=together, folder=tmp_path
    )
    assert steps[0] == 10  # nothing before the last saved state is done again
    for one, other in zip(undisturbed, resumed, strict=True):
        assert difference(one, other) == 0
        assert one.training_losses == pytest.approx(other.training_losses, abs=1e-12)
        assert one.temperature == pytest.approx(other.temperature, abs=1e-9)
    assert not list(tmp_path.glob("state-*"))
    steps.clear()
    again = train_runs(
        build, inputs, targets, three_runs(pairs), settings, together=together, folder=tmp_path
    )
    assert not steps
    assert difference(again[2], resumed[2]) == 0


def test_a_damaged_state_or_encoder_is_not_believed_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed byte of a weight is a sound file of safetensors: only the checksum tells."""

    def trained() -> Trained:
        return train_runs(build, inputs, targets, three_runs(pairs)[:1], SETTINGS, folder=tmp_path)[0]

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)

    inputs, targets, pairs = problem()
    undisturbed = train_runs(build, inputs, targets, three_runs(pairs)[:1], SETTINGS)[0]
    with monkeypatch.context() as patched:
        killed_after(2, patched)
        with pytest.raises(KilledError):
            trained()
    [state] = tmp_path.glob("state-*")
    damage(state)
    assert difference(trained(), undisturbed) == 0
    [kept] = tmp_path.glob("*.safetensors")
    good = kept.read_bytes()
    damage(kept)
    with pytest.raises(DataError, match="or it is damaged"):
        load_encoder(kept)
    assert difference(trained(), undisturbed) == 0
    assert kept.read_bytes() == good  # not only its values: bytes do not change from run to run


def test_what_another_process_trained_meanwhile_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, targets, pairs = problem()
    runs = three_runs(pairs)[:2]
    plain, before = runs_module._alone, []

    def waited(folder: Path | None, keys: list[str]) -> AbstractContextManager[object]:
        monkeypatch.setattr(runs_module, "_alone", plain)
        before.extend(train_runs(build, inputs, targets, runs, SETTINGS, folder=folder))
        monkeypatch.setattr(runs_module, "Program", None)  # whoever trains from here on fails
        return plain(folder, keys)

    monkeypatch.setattr(runs_module, "_alone", waited)
    found = train_runs(build, inputs, targets, runs, SETTINGS, folder=tmp_path)
    assert len(before) == 2
    assert all(difference(one, other) == 0 for one, other in zip(found, before, strict=True))


def test_rows_that_no_run_names_cannot_reach_it() -> None:
    """Responses and vectors of the test, whatever they are, leave the learned weights as they were."""
    inputs, targets, pairs = problem()
    run = Run(1, pairs[:100], pairs[100:120])
    honest = train_runs(build, inputs, targets, [run], SETTINGS)[0]
    changed = tuple(torch.cat([values[:120], 100 * values[120:] + 7]) for values in inputs)
    leaked = torch.cat([targets[:120], -targets[120:]])
    assert difference(honest, train_runs(build, changed, leaked, [run], SETTINGS)[0]) == 0


def test_validation_pairs_choose_the_checkpoint_and_train_nothing() -> None:
    inputs, targets, pairs = problem()
    other = targets.clone()
    other[120:] = other[120:].flip(0)
    settings = replace(SETTINGS, validate_every=SETTINGS.n_steps)  # one checkpoint: nothing to choose
    run = Run(1, pairs[:120], pairs[120:])
    first, second = (train_runs(build, inputs, values, [run], settings)[0] for values in (targets, other))
    assert difference(first, second) == 0
    assert first.validation_losses != second.validation_losses


@pytest.mark.parametrize(
    ("training", "validation", "message"),
    [
        (range(10), range(120, 150), "less than one batch"),
        (range(120), range(110, 150), "both train and validate"),
        (range(120), range(140, 160), "row that is not there|no numbers of rows"),
        (range(120), range(0), "no validation pairs"),
    ],
)
def test_runs_that_cannot_work_are_refused(training: range, validation: range, message: str) -> None:
    inputs, targets, _ = problem()
    rows = [
        torch.tensor(list(part), dtype=torch.long)[:, None].repeat(1, 2) for part in (training, validation)
    ]
    with pytest.raises(DataError, match=message):
        train_runs(build, inputs, targets, [Run(0, *rows)], SETTINGS)


def test_published_settings_in_steps() -> None:
    settings = published("NICE", "EEG", 14_886)
    assert (settings.n_steps, settings.validate_every, settings.batch_size) == (5_800, 116, 128)
    assert published("NICE", "EEG across people", 133_974).batch_size == 512
    with pytest.raises(ValueError, match="no EEGNet on MEG"):
        published("EEGNet", "MEG", 1000)
    with pytest.raises(ValueError, match="at least 1"):
        Settings(n_steps=0)


def test_checkpoints_keep_weights_architecture_and_record(tmp_path: Path) -> None:
    encoder = build().eval()
    path = save_encoder(tmp_path / "encoder.safetensors", encoder, {"seed": 3})
    loaded, about = load_encoder(path)
    inputs = problem()[0]
    assert torch.equal(loaded(*inputs), encoder(*inputs))
    assert about == {"seed": 3}


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    path = save_encoder(tmp_path / "encoder.safetensors", build())
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DataError, match="no checkpoint of the companion"):
        load_encoder(path)
    encoder = build()
    encoder.configuration = {**encoder.configuration, "n_features": 7}
    with pytest.raises(DataError, match="do not fit a Nice"):
        load_encoder(save_encoder(tmp_path / "other.safetensors", encoder))


class Waits(TorchDispatchMode):
    """Notes what would make a GPU wait for the host: values read by Python, shapes that depend on values."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        if func in WAITING:
            self.found.append(str(func))
        return func(*args, **kwargs or {})


WAITING = (
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.randperm.generator,  # drawn by the host
)


@pytest.mark.parametrize("n_runs", [1, 3])
def test_nothing_in_a_step_waits_for_the_host(n_runs: int) -> None:
    inputs, targets, pairs = problem()
    settings = replace(SETTINGS, leave_out_same=True, learn_temperature=True)
    program = Program(build, inputs, targets, three_runs(pairs)[:n_runs], settings)
    program.encoder.train()
    program.update()  # draws the order of all batches up to the next validation
    with Waits() as waits:
        for _ in range(SETTINGS.validate_every - 1):
            program.update()
    assert not waits.found
    with Waits() as waits:
        program.update()
    assert waits.found


def test_batches_drawn_ahead_are_those_drawn_one_by_one() -> None:
    rows = [torch.arange(2 * n).view(n, 2) for n in (50, 70)]
    ahead, one_by_one = ([Draws(seed, len(own), 16, CPU) for seed, own in enumerate(rows)] for _ in range(2))
    found = torch.cat([draw_pairs(rows, ahead, 4), draw_pairs(rows, ahead, 7)])
    assert found.shape == (11, 2, 16, 2)
    for step in found:
        for pairs, own, chance in zip(step, rows, one_by_one, strict=True):
            assert torch.equal(pairs, own[chance.batch()])


@pytest.mark.parametrize("clip_norm", [1e-3, 1e3])
def test_steps_are_those_of_a_plain_loop(clip_norm: float) -> None:
    inputs, targets, pairs = problem()
    run = three_runs(pairs)[0]
    settings = replace(SETTINGS, n_steps=12, validate_every=12, clip_norm=clip_norm)
    program = Program(build, inputs, targets, [run], settings)
    program.advance()
    chance = Draws(run.seed, len(run.training), settings.batch_size, CPU)
    with torch.random.fork_rng():
        torch.manual_seed(chance.weights)
        plain = build().train()
    optimiser = torch.optim.AdamW(plain.parameters(), lr=1e-3, weight_decay=0.1)
    for _ in range(12):
        rows = run.training[chance.batch()]
        masks = draw_masks(plain.masks(), len(rows), chance.masks)
        predicted = plain(*(values[rows[:, 0]] for values in inputs), masks=masks)
        loss = info_nce(centred_unit(predicted), centred_unit(targets[rows[:, 1]]), 0.04)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(plain.parameters(), clip_norm)
        optimiser.step()
    found = program.encoders()[0].state_dict()
    for name, values in plain.state_dict().items():
        assert torch.allclose(found[name], values, atol=1e-5), name
