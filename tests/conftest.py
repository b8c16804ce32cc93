"""What every test shares: one thread for small work, and where published measurements may lie."""

import os
from pathlib import Path

import hypothesis

# Before numpy and torch are imported: two threads were measured several times slower on a busy machine.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("EVONAS_DATA", str(Path(__file__).resolve().parents[2] / "shared" / "data"))

# A busy machine is no fault of the code, so no example has a time limit of its own.
hypothesis.settings.register_profile("evonas", deadline=None)
hypothesis.settings.load_profile("evonas")
