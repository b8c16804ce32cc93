"""Predictors: learn one objective from trained architectures. Each file holds one, named after it.

- ``trees.py``: bagged gradient-boosted trees on an encoding, with intervals calibrated on what each bag left out.
- ``gaussian_process.py``: an exact Gaussian process on an encoding, calibrated on closed-form leave-one-out errors.
- ``graph_network.py``: messages along the architecture's graph, by any loss, fresh or pretrained.
- ``averaged.py``: the mean of several predictors.

``dominance_network.py`` predicts dominance with the same networks, and is no predictor of one objective.
``target_warp.py`` maps targets to the scale on which they are fitted and back; ``standardisation.py`` puts columns on
one scale; ``covariance.py`` and ``posterior.py`` are the Gaussian process's mathematics.
"""
