"""Every significance test of the book: where it is, what it takes for independent, at which n.

A test of the package compares the list with the chapters: none can be used without being listed.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Use(NamedTuple):
    """A test and where the book uses it.

    Parameters
    ----------
    test : str
    function : str
        Below ``companion.statistics``, or of a library.
    chapters : tuple of str
        That call it, themselves or by another function of the package.
    unit : str
        What it takes for independent.
    n : str
        Sample sizes in the book.
    drawn : tuple of str
        Names in the table of calibration; empty where nothing is drawn.
    note : str
        Dependence that the test ignores, or why nothing is drawn.
    """

    test: str
    function: str
    chapters: tuple[str, ...]
    unit: str
    n: str
    drawn: tuple[str, ...]
    note: str = ""


INVENTORY: tuple[Use, ...] = (
    Use("paired t", "paired.paired_tests", ("targets", "contrastive", "attribution", "retested", "sweeps"),
        "person", "10 (EEG), 4 (MEG, NSD)", ("paired t", "Student's t, people"),
        "same images for all people"),
    Use("sign flip", "paired.sign_flip", ("targets", "contrastive", "naming", "sweeps"), "person", "10, 5, 4",
        ("sign flip",), "same images for all people"),
    Use("signed ranks", "paired.wilcoxon", ("retested",), "person", "10, 5, 4", ("signed ranks",),
        "same images for all people"),
    Use("crossed bootstrap", "crossed_bootstrap.crossed_interval",
        ("targets", "contrastive", "pictures", "sweeps"),
        "person and image", "10 × 200, 4 × 200, 4 × 300, 5 × 50", ("crossed bootstrap",)),
    Use("t and crossed bootstrap, both", "recommended.compare_targets", ("targets", "contrastive", "sweeps"),
        "person; person and image", "10 × 200, 4 × 200, 4 × 300", ("paired t and crossed bootstrap",)),
    Use("mixed model", "mixed_difference.mixed_difference",
        ("brain_aligning", "modalities", "naming", "pictures"), "person and image",
        "5 × 50, 3 × 50, 4 × 50, 4 × 300", ("mixed model",)),
    Use("two one-sided t", "equivalence.equivalence", ("attribution",), "person", "10", ("equivalence",)),
    Use("accelerated bootstrap", "scales.bootstrap_scales", ("targets", "retested"), "person", "10, 4",
        ("bootstrap of people, accelerated",)),
    Use("bootstrap of means", "concept_bootstrap.bootstrap_means", ("ruler",), "concept", "200",
        ("bootstrap of people, percentile",), "drawn with people as units"),
    Use("exchange of two methods", "paired_hits.compare_ranks", ("naming",), "image", "50, 300",
        ("exchange of methods, one person",), "one person, these two aligners"),
    Use("exchanges combined", "paired_hits.over_people", ("naming",), "image, then person", "5 × 50, 4 × 300",
        ("people's exchanges combined",), "same images for all people"),
    Use("McNemar", "summaries.mcnemar_bounds", ("retested",), "image", "200", ("McNemar, one person",),
        "one person, these two aligners"),
    Use("exact binomial", "small_samples.above_chance", ("naming",), "image", "50",
        ("exact binomial, one person",), "candidates are shared"),
    Use("threshold of guessing", "chance.guessing", ("targets", "contrastive", "sweeps", "own_data"), "image",
        "200, 300", ("exact binomial, one person",), "a line in figures; candidates are shared"),
    Use("exchange of images", "repeated_trials.image_permutation", ("naming", "pictures", "own_data"),
        "image", "50, 35 trials each", ("permutation of images, 35 trials each",)),
    Use("exchange of trials", "repeated_trials.trial_permutation", ("naming",), "trial", "1,750",
        ("permutation of trials, 35 an image",), "shown there because it is wrong"),
    Use("interval over images", "repeated_trials.cluster_interval", ("naming",), "image", "50", (),
        "an interval, nothing is tested with it"),
    Use("distractors beaten", "picture_metrics.beaten_test", ("pictures",), "picture", "50",
        ("signed ranks of distractors beaten",), "distractors are shared"),
    Use("above the shuffled level", "level_tests.above_shuffled", ("brain_aligning", "modalities"),
        "person × image", "250, 150, 200",
        ("above shuffled, independent t", "above shuffled, paired t", "above shuffled, signed ranks"),
        "as published; people and images are crossed"),
    Use("levels of alpha", "level_tests.compare_levels", ("brain_aligning", "modalities"), "person × image",
        "250, 150, 200", ("analysis of variance", "Friedman", "Tukey, any pair"),
        "as published; people and images are crossed"),
    Use("partial correlation", "consistency.partial_consistency", ("modalities",), "category", "50",
        ("correlation, floors taken out",)),
    Use("Fisher's interval", "summaries.fisher_interval", ("retested",), "category", "50",
        ("correlation with its floor, Fisher's z",), "modalities share a floor"),
    Use("blind decoders", "uninformative.uninformative_null", ("modalities",), "category", "50", (),
        "a simulated null itself"),
    Use("types of categories", "category_types.type_interaction", ("modalities",), "category", "50",
        ("types of categories, permuted",)),
    Use("F of units", "discriminability.compare_f", ("brain_aligning",), "unit of a space", "64 and more",
        ("F of units, rank sum",), "units share their categories; its signed ranks are not drawn"),
    Use("resampled concepts", "concept_bootstrap.bootstrap_spearman", ("ruler",), "concept", "200",
        ("lead of a space, concepts resampled",), "drawn with fewer concepts"),
    Use("resampled dimensions", "concept_bootstrap.bootstrap_columns", ("ruler",), "concept", "200", (),
        "intervals of single correlations, nothing is tested with them"),
    Use("uniform p-values", "uniformity.uniformity", ("targets",), "world", "40",
        ("uniformity of 40 worlds",)),
    Use("unpaired t over seeds", "summaries.welch", ("retested", "attribution"), "seed", "3, 5",
        ("unpaired t over seeds",), "people and images stay the same"),
    Use("t of slopes", "scipy.stats.ttest_1samp", ("targets",), "world", "5", (),
        "one slope over a dial for each world; all worlds share one aligner"),
    Use("Holm", "corrections.holm",
        ("targets", "contrastive", "attribution", "brain_aligning", "modalities", "naming", "pictures",
         "retested", "sweeps"),
        "test", "1 to 60", ("Holm, three comparisons",), "as good as the tests it corrects"),
)  # fmt: skip


def inventory_table() -> pd.DataFrame:
    """List the tests as a table for a page.

    Returns
    -------
    DataFrame
        ``test``, ``function``, ``chapters``, ``unit``, ``n in the book``, ``drawn`` (yes or no) and ``note``.
    """
    return pd.DataFrame(
        [
            {
                "test": use.test,
                "function": use.function.rpartition(".")[2],
                "chapters": ", ".join(name.replace("_", " ") for name in use.chapters),
                "unit": use.unit,
                "n in the book": use.n,
                "drawn": "yes" if use.drawn else "no",
                "note": use.note or "–",
            }
            for use in INVENTORY
        ]
    )
