"""Objectives: figures to minimise or maximise. One file each; any callable is one too (``function.py``).

Those that measure share: ``timing.py`` (low percentiles, interleaved), ``runtimes.py`` (networks made ready to run),
``devices.py`` (that one exists, and is not in use), ``operations.py`` and ``operation_table.py`` (latency tables).
"""
