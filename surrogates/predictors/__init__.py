"""Predictors: learn one objective from trained architectures. Each file holds one, named after it.

- ``trees.py``: bagged gradient-boosted trees on an encoding, with intervals calibrated on what each bag left out.

``target_warp.py`` maps targets to the scale on which they are fitted and back.
"""
