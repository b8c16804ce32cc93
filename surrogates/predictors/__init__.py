"""Predictors: learn one objective from trained architectures. Each file holds one, named after it.

- ``trees.py``: bagged gradient-boosted trees on an encoding, with intervals calibrated on what each bag left out.
- ``gaussian_process.py``: an exact Gaussian process on an encoding, calibrated on closed-form leave-one-out errors.
- ``averaged.py``: the mean of several predictors.

``target_warp.py`` maps targets to the scale on which they are fitted and back; ``standardisation.py`` puts columns on
one scale; ``covariance.py`` and ``posterior.py`` are the Gaussian process's mathematics.
"""
