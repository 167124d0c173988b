"""Every other file that the project reads, and every value of its command line, drawn at random and damaged.

What is demanded is the same everywhere (`damage.outcome`): the right content, or an error of the package
that names the file or parameter and says what to do. ``pytest --hypothesis-profile=thorough tests/bad_input``
draws a thousand examples of each test instead of the twenty-five of ``make test``.
"""
