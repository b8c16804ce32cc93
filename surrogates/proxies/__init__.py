"""Zero-cost proxies: scores of built, untrained networks. Each file holds one, named after it; higher is better.

- ``parameters.py``: the number of trainable parameters, the baseline that every proxy must beat.
- ``evolved.py``: a formula over the others, read from a file.
- ``synflow.py``: synaptic flow of an all-ones input.
- ``nwot.py``: how differently a batch's inputs switch the network's ReLUs.

``proxy.py`` is their contract, ``probe.py`` runs the passes that they share, ``scoring.py`` scores one network by many
proxies and turns what cannot be computed into a ``ProxyFailure``. ``untouched.py`` puts models and global generators
back as they were.
"""
