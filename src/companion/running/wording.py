"""Numbers and directions put into words, so that prose never states what was not computed."""

from __future__ import annotations

import re

_NBSP = "\N{NO-BREAK SPACE}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def p_value(p: float) -> str:
    r"""P value for a sentence.

    Parameters
    ----------
    p : float
        Probability in [0, 1].

    Returns
    -------
    str
        Two significant digits, in powers of ten below 0.001, kept together on one line.

    Examples
    --------
    >>> from companion.running import p_value
    >>> p_value(0.0291), p_value(0.8)
    ('0.029', '0.80')
    >>> p_value(1.44e-6).replace("\N{NO-BREAK SPACE}", "~")
    '1.4~×~10⁻⁶'
    """
    if not 0 <= p <= 1:
        raise ValueError(f"a p value lies in [0, 1], got {p!r}")
    if p == 0:
        return "0"
    if p >= 0.1:
        return f"{p:.2f}"
    if p >= 0.001:
        return f"{p:.2g}"
    mantissa, exponent = f"{p:.1e}".split("e")
    return f"{mantissa}{_NBSP}×{_NBSP}10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def interval(estimate: float, low: float, high: float, *, decimals: int = 2) -> str:
    r"""Estimate with its interval, for a table cell: it may break between the two, and has true minus signs.

    Examples
    --------
    >>> from companion.running import interval
    >>> interval(-0.12, -1.16, 0.92).replace("\N{NO-BREAK SPACE}", "~")
    '−0.12 [−1.16,~0.92]'
    >>> interval(0.2, -0.01, 0.4, decimals=1).replace("\N{NO-BREAK SPACE}", "~")
    '0.2 [0.0,~0.4]'
    """
    # Adding zero takes the sign from what rounds to zero.
    first, second, third = (f"{round(value, decimals) + 0.0:.{decimals}f}" for value in (estimate, low, high))
    return f"{first} [{second},{_NBSP}{third}]".replace("-", "−")


def direction(
    difference: float, words: tuple[str, str, str] = ("higher than", "the same as", "lower than")
) -> str:
    """Word for the sign of a difference.

    Parameters
    ----------
    difference : float
        The computed difference.
    words : tuple of str
        Words for positive, zero and negative.

    Examples
    --------
    >>> from companion.running import direction
    >>> direction(0.3), direction(-2.0)
    ('higher than', 'lower than')
    """
    above, same, below = words
    return above if difference > 0 else below if difference < 0 else same


def listing(names: list[str], *, none: str = "none") -> str:
    """Join names the way a sentence does.

    Examples
    --------
    >>> from companion.running import listing
    >>> listing(["CLIP", "OpenCLIP", "SynCLR"]), listing(["CLIP"]), listing([])
    ('CLIP, OpenCLIP and SynCLR', 'CLIP', 'none')
    """
    if not names:
        return none
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last


def plain(text: str) -> str:
    r"""Text for a MyST page, on one line, with the signs escaped that would be taken for markup.

    Whatever comes from a file goes through here on its way to a page.

    Examples
    --------
    >>> from companion.running import plain
    >>> print(plain("<stem>_clip.npy, 2 * n"))
    \<stem>\_clip.npy, 2 \* n
    """
    return re.sub(r"([\\`*_<&$|\[\]{}])", r"\\\1", one_line(text))


def one_line(text: str) -> str:
    r"""Text without line breaks, tabs and control characters; what keeps words together stays.

    Examples
    --------
    >>> one_line("two\n  words\x00")
    'two words'
    """
    return re.sub(rf"[^\S{_NBSP}]+|[\x00-\x1f\x7f-\x9f\ud800-\udfff]+", " ", text).strip(" ")


def as_code(text: str) -> str:
    r"""Text as code within a line or a cell of a table, whatever it holds.

    Examples
    --------
    >>> print(as_code("a|b"), as_code("a`b"))
    `a\|b` `` a`b ``
    """
    shown = one_line(text).replace("|", r"\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown or not shown else f"{fence}{shown}{fence}"
