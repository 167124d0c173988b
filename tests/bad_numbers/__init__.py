"""Bad numbers: every public name of five rooms, called with arguments that were damaged on purpose.

`damage` knows how an argument can be damaged, `cases_*` how each name is called with small valid arguments,
`judge` what may come of a call. Thousand examples for each name:
``pytest -n 0 --dist no --hypothesis-profile=thorough tests/bad_numbers``.
"""
