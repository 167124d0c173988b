"""Invented nouns: pronounceable, unique, and none of them an English word we know of."""

from __future__ import annotations

from itertools import product

import numpy as np

ONSETS = "b d f g j k l m n p r s t v z bl br dr fl gr kl kr pl pr sk sm sn sp tr"
VOWELS = "a e i o u"
MIDDLES = "b d f g k l m n p r t v z lb ld lm lv mb nd nv rb rd rg rl rv rz sk sn zb zm"
ENDINGS = "ab af ak eb ef eg ek el ib if im ip iv ob of ok om ov ub ud ul un uv oz"

ENGLISH = """
    barrel bevel bezel bowel camel cancel carob carom carpel cartel corbel cudgel damsel
    denim devil dismal dozen
    drivel duffel fennel funnel gavel gravel grovel handel havoc hazel hotel hovel jewel kebab kennel
    kernel kodak
    label lapel level libel marvel minim model morsel mussel navel nickel novel panel parcel pixel
    pommel pummel
    ransom ravel rebel repel revel rondel scarab seldom sequel serif sheriff snivel sorrel spinel
    swivel tassel
    tinsel travel tunnel turnip venom vessel yodel belief relief motif tarif gossip julep tulip fulsome gallop
    dollop gallup relief mandrel mongrel petrel squirrel timbrel tumbrel rabbit sudan bemud nabob debug humbug
    manif kazoo zodiak muskeg nutmeg renown serum forum velum datum modem totem golem harem item salem boredom
    random tandem fandom freedom kingdom wisdom prelim verbal marmot prolif dervish remud begun rerun spun
    """
"""Words of the grammar (and their like) that English already has."""


def invented_nouns(n_nouns: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw nouns such as ``dovel``: onset, vowel, middle, ending.

    Parameters
    ----------
    n_nouns : int
        How many.
    rng : numpy.random.Generator
        Decides which.

    Returns
    -------
    tuple of str
        Unique, lower case, four to eight letters.

    Examples
    --------
    >>> import numpy as np
    >>> from companion.simulation import invented_nouns
    >>> nouns = invented_nouns(100, np.random.default_rng(0))
    >>> len(set(nouns)), min(map(len, nouns)) >= 4, max(map(len, nouns)) <= 8
    (100, True, True)
    """
    words = (
        "".join(pieces)
        for pieces in product(*(pieces.split() for pieces in (ONSETS, VOWELS, MIDDLES, ENDINGS)))
    )
    candidates = np.array(sorted({word for word in words if 4 <= len(word) <= 8} - set(ENGLISH.split())))
    return tuple(str(word) for word in rng.choice(candidates, n_nouns, replace=False))
