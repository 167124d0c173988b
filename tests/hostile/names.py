"""Names, captions and licences as a stranger could write them into a file."""

from __future__ import annotations

HOSTILE = (
    "<script>hit()</script>",
    "</script><script>hit()</script>",
    "<img src=x onerror=hit()>",
    '"><svg/onload=hit()>',
    "' onmouseover='hit()",
    "<iframe src=https://attacker.example></iframe>",
    "<!-- --><b>bold</b>",
    "<https://attacker.example/auto>",
    "[link](javascript:hit())",
    "[link](https://attacker.example/link)",
    "![picture](https://attacker.example/picture.png)",
    "![picture](../../../../../../etc/hostname.png)",
    "{raw}`<b>bold</b>`",
    "{download}`/etc/hostname`",
    "{ref}`nowhere` {doc}`nowhere` {cite:t}`nobody`",
    "{eval}`1`",
    "{{ 7 * 7 }}",
    "$\\href{javascript:hit()}{x}$ \\(x\\) \\[x\\]",
    "a | b | c \\| d \\",
    "`code` **bold** _slanted_ ~~struck~~ [^1] &lt;b&gt; &amp;",
    "[text]{.class onclick=hit()}",
    "first\n```\n\n```{raw} html\n<script>hit()</script>\n```",
    "first\n\n```{include} /etc/hostname\n```",
    "first\r\n:::{raw} html\n<script>hit()</script>\n:::",
    "first\n\n# A heading\n\n(label)=\n% a comment\n+++",
    "first\u2028second\x85third\tfourth\x0bfifth\x00sixth\x1b[31m",
)
