"""Ridge for several spaces at once, against scikit-learn and against fitting each fold anew."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from companion.decoding.ridge import N_FOLDS, PENALTIES, RidgeDecoder, fit_ridge, prepare_ridge
from companion.embeddings import Embeddings
from companion.errors import DataError

N = 60
GROUPS = [row // 3 for row in range(N)]
IDS = tuple(f"kind-{group}/{row % 3}" for row, group in enumerate(GROUPS))


def problem(n_units: int, seed: int = 0) -> tuple[np.ndarray, dict[str, Embeddings]]:
    rng = np.random.default_rng(seed)
    responses = rng.normal(size=(N, n_units)) * rng.uniform(0.5, 3, n_units) + 2
    clear = responses[:, :6] @ rng.normal(size=(6, 6)) + rng.normal(size=(N, 6)) + 5
    noisy = responses[:, :4] @ rng.normal(size=(4, 4)) + 12 * rng.normal(size=(N, 4))
    return responses, {"clear": Embeddings(clear, IDS, "a"), "noisy": Embeddings(noisy, IDS, "b", "judges")}


def standardised(responses: np.ndarray) -> np.ndarray:
    return np.asarray((responses - responses.mean(axis=0)) / responses.std(axis=0))


@pytest.mark.parametrize("n_units", [20, 150], ids=["more rows", "more units"])
def test_predictions_are_those_of_scikit_learn_at_the_same_penalty(n_units: int) -> None:
    responses, spaces = problem(n_units)
    decoder = fit_ridge(responses, IDS, spaces, GROUPS, penalties=[0.3])
    new = np.random.default_rng(1).normal(size=(5, n_units))
    decoded = decoder.predict(new, list("vwxyz"))
    scaled = (new - responses.mean(axis=0)) / responses.std(axis=0)
    for name, space in spaces.items():
        model = Ridge(0.3 * n_units).fit(standardised(responses), space.values)
        np.testing.assert_allclose(decoded[name].values, model.predict(scaled), atol=1e-8)
    assert decoded["noisy"].ids == tuple("vwxyz")
    assert (decoded["noisy"].space, decoded["noisy"].aligned_by) == ("b", "judges")


def test_predictions_are_those_of_himalaya() -> None:
    """The solver of the field as the oracle."""
    from himalaya.kernel_ridge import KernelRidge

    responses, spaces = problem(150)
    new = np.random.default_rng(1).normal(size=(5, 150))
    decoder = fit_ridge(responses, IDS, spaces, GROUPS)
    decoded = decoder.predict(new, list("vwxyz"))
    for name, space in spaces.items():
        origin = space.values.mean(axis=0)
        model = KernelRidge(alpha=decoder.penalties[name] * 150, kernel="linear")
        model.fit(standardised(responses), space.values - origin)
        scaled = (new - responses.mean(axis=0)) / responses.std(axis=0)
        np.testing.assert_allclose(decoded[name].values, model.predict(scaled) + origin, atol=1e-6)


@pytest.mark.parametrize("n_units", [20, 150], ids=["more rows", "more units"])
def test_losses_are_those_of_fitting_every_fold_anew(n_units: int) -> None:
    responses, spaces = problem(n_units)
    decoder = fit_ridge(responses, IDS, spaces, GROUPS)
    X = standardised(responses)
    for name, space in spaces.items():
        Y = space.values
        for penalty, loss in zip(PENALTIES, decoder.losses[name], strict=True):
            error = 0.0
            for inside, outside in GroupKFold(N_FOLDS).split(X, groups=GROUPS):
                model = Ridge(penalty * n_units).fit(X[inside], Y[inside])
                error += ((Y[outside] - model.predict(X[outside])) ** 2).sum()
            assert loss == pytest.approx(error / ((Y - Y.mean(axis=0)) ** 2).sum(), rel=1e-3)
        assert decoder.penalties[name] == PENALTIES[int(decoder.losses[name].argmin())]
    assert decoder.penalties["noisy"] > decoder.penalties["clear"]


def test_prepared_responses_fit_one_target_after_the_other() -> None:
    responses, spaces = problem(150)
    prepared = prepare_ridge(responses, IDS, GROUPS)
    together = fit_ridge(responses, IDS, spaces, GROUPS)
    for name, space in spaces.items():
        alone = prepared.fit({name: space})
        assert alone.penalties[name] == together.penalties[name]
        np.testing.assert_allclose(alone.weights[name], together.weights[name], atol=1e-10)


def test_what_stands_beside_a_space_does_not_change_it() -> None:
    responses, spaces = problem(150)
    together = fit_ridge(responses, IDS, spaces, GROUPS)
    for name, space in spaces.items():
        alone = fit_ridge(responses, IDS, {name: space}, GROUPS)
        np.testing.assert_allclose(alone.weights[name], together.weights[name], atol=1e-10)


def test_a_turned_space_is_decoded_as_the_space_is() -> None:
    responses, spaces = problem(150)
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    both = {"clear": spaces["clear"], "turned": Embeddings(spaces["clear"].values @ turn, IDS, "t")}
    decoder = fit_ridge(responses, IDS, both, GROUPS)
    assert decoder.penalties["clear"] == decoder.penalties["turned"]
    decoded = decoder.predict(responses, IDS)
    np.testing.assert_allclose(decoded["clear"].values @ turn, decoded["turned"].values, atol=1e-8)


def test_kinds_are_not_split_so_that_what_a_kind_shares_does_not_look_like_knowledge() -> None:
    """Responses that name the kind and nothing else foretell no kind that is new."""
    rng = np.random.default_rng(3)
    of_kind = np.repeat(rng.normal(size=(N // 3, 30)), 3, axis=0)
    targets = {"a": Embeddings(np.repeat(rng.normal(size=(N // 3, 8)), 3, axis=0), IDS, "a")}
    responses = of_kind + 0.01 * rng.normal(size=(N, 30))
    honest = fit_ridge(responses, IDS, targets, GROUPS)
    leaky = fit_ridge(responses, IDS, targets, list(range(N)))
    assert honest.losses["a"].min() > 0.95
    assert leaky.losses["a"].min() < 0.2


def test_rows_are_joined_by_id_and_units_without_spread_are_harmless() -> None:
    responses, spaces = problem(20)
    shuffled = {name: space.select(IDS[::-1]) for name, space in spaces.items()}
    one: RidgeDecoder = fit_ridge(responses, IDS, spaces, GROUPS)
    other = fit_ridge(np.column_stack([responses, np.ones(N)]), IDS, shuffled, GROUPS)
    np.testing.assert_allclose(
        other.predict(np.column_stack([responses, np.ones(N)]), IDS)["clear"].values,
        one.predict(responses, IDS)["clear"].values,
        atol=1e-8,
    )


def test_bad_input_is_refused() -> None:
    responses, spaces = problem(20)
    with pytest.raises(DataError, match="one stimulus and one group"):
        fit_ridge(responses, IDS[1:], spaces, GROUPS)
    with pytest.raises(DataError, match="Too few concepts"):
        fit_ridge(responses, IDS, spaces, [1] * N)
    with pytest.raises(DataError, match="cannot be used"):
        fit_ridge(np.where(responses > 4, np.nan, responses), IDS, spaces, GROUPS)
    with pytest.raises(DataError, match="another size"):
        fit_ridge(responses, IDS, spaces, GROUPS).predict(responses[:, 1:], IDS)
