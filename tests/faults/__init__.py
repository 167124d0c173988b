"""Faults on purpose: what is finished survives them, and the same command goes on."""
