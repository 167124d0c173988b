"""Brain-aligners: who teaches whom, what is mapped, and what a teacher may not reach."""

from __future__ import annotations

import numpy as np
import pytest

from companion.alignment.autoencoder import Options
from companion.alignment.brain import BrainAligner, fit_aligners, others, pattern_similarity
from companion.alignment.teachers import permuted_teacher, spectrum_matched_teacher
from companion.embeddings import Embeddings
from companion.errors import DataError

N, D = 40, 12
SHORT = Options(n_epochs=40, batch_size=20, learning_rate=3e-3)
RNG = np.random.default_rng(0)
SPACE = Embeddings(RNG.normal(size=(N, D)), tuple(f"c{i}" for i in range(N)), "words")
PATTERNS = {person: RNG.normal(size=(N, 9)) for person in ("a", "b", "c")}


def spaces(matrices: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Aligned space of each person, taught by the others."""
    found = fit_aligners(SPACE, others(matrices), alphas=[0.01], options=SHORT)  # type: ignore[arg-type]
    return {str(name): one.transform(SPACE).values for (name, _, _), one in found.items()}


def test_a_person_s_space_does_not_change_with_that_person_s_similarities() -> None:
    matrices = {name: pattern_similarity(one) for name, one in PATTERNS.items()}
    before = spaces(matrices)
    after = spaces(matrices | {"a": permuted_teacher(matrices["a"], 1)})
    np.testing.assert_array_equal(before["a"], after["a"])
    assert np.abs(before["b"] - after["b"]).max() > 1e-3


def test_similarities_are_cosines_of_patterns() -> None:
    patterns = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, -2.0]])
    root = np.sqrt(0.5)
    np.testing.assert_allclose(pattern_similarity(patterns), [[1, root, 0], [root, 1, -root], [0, -root, 1]])
    centred = pattern_similarity(PATTERNS["a"] + 50, centred=True)
    np.testing.assert_allclose(centred, pattern_similarity(PATTERNS["a"], centred=True))
    with pytest.raises(DataError, match="no direction"):
        pattern_similarity([[0.0, 0.0], [1.0, 1.0]])


def test_others_are_all_but_one() -> None:
    matrices = {"a": np.eye(2), "b": 2 * np.eye(2), "c": 6 * np.eye(2)}
    assert {name: one[0, 0] for name, one in others(matrices).items()} == {"a": 4, "b": 3.5, "c": 1.5}  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Nobody else"):
        others({"a": np.eye(2)})


def test_new_stimuli_are_mapped_and_other_spaces_refused() -> None:
    found = fit_aligners(SPACE, {"x": np.eye(N), "y": np.ones((N, N))}, alphas=[1.0, 0.1], options=SHORT)
    one: BrainAligner = found["x", 0.1, 0]
    new = Embeddings(RNG.normal(size=(3, D)), ("n1", "n2", "n3"), "words")
    mapped = one.transform(new)
    assert mapped.values.shape == (3, D // 2)
    assert (mapped.values >= 0).all()
    assert mapped.aligned_by == "brain (x), alpha 0.1"
    assert found["x", 1.0, 0].reconstruction_r2 > one.reconstruction_r2
    np.testing.assert_array_equal(
        found["x", 1.0, 0].transform(new).values, found["y", 1.0, 0].transform(new).values
    )
    with pytest.raises(DataError, match="trained on"):
        one.transform(Embeddings(new.values, new.ids, "pictures"))
    with pytest.raises(DataError, match=r"does not fit(.*\n).*'z'"):
        fit_aligners(SPACE, {"z": np.eye(3)})


def test_teachers_without_a_brain_keep_what_they_say_they_keep() -> None:
    matrix = pattern_similarity(PATTERNS["a"])
    mixed = permuted_teacher(matrix, 0)
    above = np.triu_indices(N, 1)
    np.testing.assert_array_equal(np.sort(mixed[above]), np.sort(matrix[above]))
    assert abs(np.corrcoef(mixed[above], matrix[above])[0, 1]) < 0.2
    turned = spectrum_matched_teacher(matrix, 0)
    np.testing.assert_allclose(np.diag(turned), 1)
    widths = [np.sort(np.linalg.eigvalsh(one))[::-1] for one in (matrix, turned)]
    assert np.corrcoef(*widths)[0, 1] > 0.95
    assert abs(np.corrcoef(turned[above], matrix[above])[0, 1]) < 0.2


def test_a_kept_aligner_maps_as_before() -> None:
    key = ("a", 0.1, 3)
    options = Options(n_epochs=3, batch_size=20, n_layers=2)
    fitted = fit_aligners(
        SPACE, {"a": pattern_similarity(PATTERNS["a"])}, alphas=[0.1], seeds=[3], options=options
    )[key]
    found = BrainAligner.from_arrays(SPACE.space, *key, options, fitted.to_arrays())
    np.testing.assert_array_equal(found.transform(SPACE).values, fitted.transform(SPACE).values)
    assert (found.reconstruction_r2, found.similarity_error) == (
        fitted.reconstruction_r2,
        fitted.similarity_error,
    )


def test_one_matrix_for_several_people_is_learnt_once() -> None:
    matrix = pattern_similarity(PATTERNS["a"])
    found = fit_aligners(SPACE, {"a": matrix, "b": matrix, "c": matrix.copy()}, alphas=[0.1], options=SHORT)
    first, second, other = (found[name, 0.1, 0] for name in "abc")
    assert first._trained is second._trained
    assert first._trained is not other._trained
    np.testing.assert_allclose(first.transform(SPACE).values, other.transform(SPACE).values, atol=1e-5)
    assert (first.teacher, second.teacher) == ("a", "b")
