"""A workshop in one zip: notebooks without solutions, their data, the package, a start script."""
