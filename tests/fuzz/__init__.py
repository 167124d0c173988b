"""Made-up and damaged files by the hundred thousand for three readers: `python -m tests.fuzz --help`.

`guided` runs atheris on the pickle reader and the manifest, `bdata` writes HDF5 trees near the layout of
BData; each in processes of their own, since libhdf5 itself may crash. `guard` says what a reader may do.
"""
