"""Same inputs, seeds, device, threads, versions: the same bytes. ``python -m tests.determinism`` shows it."""
