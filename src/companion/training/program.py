"""One training program: the weights of one or many runs, stacked, and the step that moves them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state

from companion.training.checkpoint import read_tensors, write_tensors
from companion.training.contrastive import centred_unit, info_nce
from companion.training.draws import Draws, draw_pairs
from companion.training.encoders.interface import BrainEncoder, Inputs, draw_masks
from companion.training.memory import keep_freed_memory
from companion.training.settings import Settings

Result = tuple[BrainEncoder, tuple[float, ...], tuple[float, ...], float]


@dataclass(frozen=True, eq=False)
class Run:
    """What one encoder is trained on.

    Attributes
    ----------
    seed : int
        Of weights, order of batches and dropout.
    training, validation : Tensor of int, shape (n, 2)
        Pairs of a row of the responses and a row of the image vectors.

    Examples
    --------
    >>> import torch
    >>> from companion.training import Run
    >>> pairs = torch.tensor([[0, 0], [1, 0], [2, 1]])  # responses 0 and 1 saw picture 0
    >>> Run(seed=3, training=pairs[:2], validation=pairs[2:]).seed
    3
    """

    seed: int
    training: Tensor
    validation: Tensor


class Program:
    """Runs of one architecture, trained as one.

    Their losses are summed; as no weight is shared, each run has its own gradient, which is clipped by its
    own norm. AdamW works element by element. One run alone goes through the same step without `torch.vmap`.

    Parameters
    ----------
    build, inputs, targets, runs, settings
        As :func:`companion.training.runs.train_runs` takes them.
    """

    def __init__(
        self,
        build: Callable[[], BrainEncoder],
        inputs: Inputs,
        targets: Tensor,
        runs: Sequence[Run],
        settings: Settings,
    ) -> None:
        device = inputs[0].device
        keep_freed_memory()
        self.inputs, self.targets, self.settings = inputs, centred_unit(targets), settings
        self.draws = [Draws(run.seed, len(run.training), settings.batch_size, device) for run in runs]
        self.training = [run.training for run in runs]
        self.ahead = torch.empty(0)
        self.validation = [_shuffled(run.validation, run.seed).to(device) for run in runs]
        encoders = [_built(build, draws.weights).to(device) for draws in self.draws]
        weights, self.buffers = stack_module_state(list(encoders))
        self.encoder = encoders[0].to("meta")  # its form alone: weights of the fMRI MLP fill half a gigabyte
        start = math.log(settings.temperature)
        self.log_temperature = torch.full((len(runs),), start, device=device)
        self.weights: dict[str, Tensor] = dict(weights)
        groups = [{"params": list(self.weights.values()), "weight_decay": settings.weight_decay}]
        if settings.learn_temperature:
            self.log_temperature.requires_grad_()
            groups.append({"params": [self.log_temperature], "weight_decay": 0.0})
        self.optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)
        self.step = 0
        self.training_losses: list[Tensor] = []
        self.validation_losses: list[Tensor] = []
        self.best = {name: values.detach().clone() for name, values in (self.weights | self.buffers).items()}
        self.lowest = torch.full((len(runs),), torch.inf, device=device)

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.settings.n_steps

    def advance(self) -> None:
        """Train up to the next validation, and validate."""
        last = min(self.settings.n_steps, self.step + self._to_validation())
        n, total = last - self.step, torch.zeros(len(self.draws), device=self.targets.device)
        self.encoder.train()
        # A graphics card would round convolutions to 10 bits, and might sum in another order each time.
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            while self.step < last:
                total += self.update()
        self.training_losses.append(total / n)
        self._validate()

    def update(self) -> Tensor:
        """One step of all runs; their losses: (n_runs,)."""
        if not len(self.ahead):
            # Sent at once: a GPU would wait for the host at every batch.
            ahead = draw_pairs(self.training, self.draws, self._to_validation())
            self.ahead = ahead.to(self.targets.device)
        pairs, self.ahead = self.ahead[0], self.ahead[1:]
        places, n = self.encoder.masks(), self.settings.batch_size
        drawn = [draw_masks(places, n, draws.masks) for draws in self.draws]
        masks = tuple(torch.stack(one) for one in zip(*drawn, strict=True))
        self.optimiser.zero_grad(set_to_none=True)
        losses = self._losses(pairs, masks)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        self._clip()
        self.optimiser.step()
        self.step += 1
        return losses.detach()

    def results(self) -> Iterator[Result]:
        """Build encoders at their best validation; with losses and temperatures."""
        training = torch.stack(self.training_losses).T.tolist()
        validation = torch.stack(self.validation_losses).T.tolist()
        for number in range(len(self.draws)):
            temperature = float(self.log_temperature[number].detach().exp())
            encoder = self._encoder(self.best, number)
            yield encoder, tuple(training[number]), tuple(validation[number]), temperature

    def encoders(self) -> list[BrainEncoder]:
        """Build encoders as they are now, whether or not their validation is the best."""
        return [self._encoder(self.weights | self.buffers, number) for number in range(len(self.draws))]

    def save(self, path: Path) -> None:
        """Write all that the next step depends on."""
        tensors = {f"weights {name}": values for name, values in self.weights.items()}
        tensors |= {f"buffers {name}": values for name, values in self.buffers.items()}
        tensors |= {f"best {name}": values for name, values in self.best.items()}
        tensors |= {"log_temperature": self.log_temperature, "lowest": self.lowest}
        tensors |= {"training_losses": torch.stack(self.training_losses)}
        tensors |= {"validation_losses": torch.stack(self.validation_losses)}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser {number} {name}": values for name, values in state.items()}
        for number, draws in enumerate(self.draws):
            tensors |= {f"draws {number} {name}": values for name, values in draws.state().items()}
        write_tensors(path, tensors, {"step": self.step})

    def resume(self, path: Path) -> None:
        """Go on where :meth:`save` was called."""
        tensors, record = read_tensors(path)
        self.step = record["step"]
        with torch.no_grad():
            for kind, into in (("weights", self.weights), ("buffers", self.buffers), ("best", self.best)):
                for name, values in into.items():
                    values.copy_(tensors[f"{kind} {name}"])
            self.log_temperature.copy_(tensors["log_temperature"])
            self.lowest.copy_(tensors["lowest"])
        self.training_losses = list(tensors["training_losses"].to(self.lowest.device))
        self.validation_losses = list(tensors["validation_losses"].to(self.lowest.device))
        state = self.optimiser.state_dict()
        numbers = [number for group in state["param_groups"] for number in group["params"]]
        state["state"] = {
            number: {
                name: tensors[f"optimiser {number} {name}"] for name in ("step", "exp_avg", "exp_avg_sq")
            }
            for number in numbers
        }
        self.optimiser.load_state_dict(state)
        for number, draws in enumerate(self.draws):
            draws.restore({name: tensors[f"draws {number} {name}"] for name in ("order", "masks", "left")})

    def _to_validation(self) -> int:
        """Count steps to the next validation."""
        return self.settings.validate_every - self.step % self.settings.validate_every

    def _losses(self, pairs: Tensor, masks: tuple[Tensor, ...]) -> Tensor:
        """Losses of one batch of every run; pairs: (n_runs, n, 2)."""
        seen = tuple(values[pairs[..., 0]] for values in self.inputs)
        shown, rows = self.targets[pairs[..., 1]], pairs[..., 1]
        everything = (self.weights, self.buffers, self.log_temperature, seen, shown, rows, masks)
        if len(self.draws) > 1:
            return torch.vmap(self._loss)(*everything)
        alone = torch.utils._pytree.tree_map(lambda stacked: stacked.squeeze(0), everything)
        return self._loss(*alone)[None]

    def _loss(
        self,
        weights: dict[str, Tensor],
        buffers: dict[str, Tensor],
        log_temperature: Tensor,
        seen: Inputs,
        shown: Tensor,
        rows: Tensor,
        masks: tuple[Tensor, ...],
    ) -> Tensor:
        predicted = functional_call(self.encoder, (weights, buffers), seen, {"masks": masks})
        same = rows[:, None] == rows[None, :] if self.settings.leave_out_same else None
        return info_nce(centred_unit(predicted), shown, log_temperature.exp(), same=same)

    def _clip(self) -> None:
        gradients = [values.grad for values in self.weights.values() if values.grad is not None]
        n_runs = len(self.draws)
        norms = [torch.linalg.vector_norm(gradient.view(n_runs, -1), dim=1) for gradient in gradients]
        norm = torch.linalg.vector_norm(torch.stack(norms), dim=0)
        scale = (self.settings.clip_norm / (norm + 1e-6)).clamp(max=1)
        for gradient in gradients:
            gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))

    @torch.no_grad()
    def _validate(self) -> None:
        """Validate in blocks of a batch, so that the loss has as many negatives as in training."""
        self.encoder.eval()
        losses = []
        for number, pairs in enumerate(self.validation):
            own = [
                {name: values[number] for name, values in kind.items()}
                for kind in (self.weights, self.buffers)
            ]
            total = torch.zeros((), device=self.targets.device)
            for block in torch.split(pairs, self.settings.batch_size):
                seen = tuple(values[block[:, 0]] for values in self.inputs)
                shown, rows = self.targets[block[:, 1]], block[:, 1]
                loss = self._loss(own[0], own[1], self.log_temperature[number], seen, shown, rows, ())
                total += loss * len(block) / len(pairs)
            losses.append(total)
        found = torch.stack(losses)
        self.validation_losses.append(found)
        better = found < self.lowest
        self.lowest = torch.where(better, found, self.lowest)
        for name, values in (self.weights | self.buffers).items():
            chosen = better.view(-1, *[1] * (values.ndim - 1))
            torch.where(chosen, values, self.best[name], out=self.best[name])

    def _encoder(self, values: dict[str, Tensor], number: int) -> BrainEncoder:
        encoder = deepcopy(self.encoder).to_empty(device=self.targets.device)
        encoder.load_state_dict({name: stacked[number] for name, stacked in values.items()})
        return encoder.eval()


def _built(build: Callable[[], BrainEncoder], seed: int) -> BrainEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build()


def _shuffled(pairs: Tensor, seed: int) -> Tensor:
    """Put validation pairs in an order without meaning, so that no block holds one concept alone."""
    return pairs[torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed))]
