"""Predictors: learn one objective from trained architectures. Each file holds one, named after it.

- ``trees.py``: bagged gradient-boosted trees, of squared errors or of pairs, calibrated on what each bag left out.
- ``gaussian_process.py``: an exact Gaussian process on an encoding, calibrated on closed-form leave-one-out errors.
- ``random_forest.py``: trees on bootstrap samples, calibrated on what each tree had not drawn.
- ``stacked.py``: several predictors, weighed by how well they rank what they have not seen.
- ``graph_network.py``: messages along the architecture's graph, by any loss, fresh or pretrained.

``dominance_network.py`` predicts dominance with the same networks, and is no predictor of one objective.
``target_warp.py`` maps targets to the scale on which they are fitted and back; ``standardisation.py`` puts columns on
one scale; ``ensemble_calibration.py`` makes ensembles of trees cover; ``line.py`` is what a stack must beat;
``covariance.py`` and ``posterior.py`` are the Gaussian process's mathematics.
"""
