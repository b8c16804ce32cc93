"""What a graph network learns before any target of a campaign is known. ``runs/pretrain.py`` is the command.

- ``corpus.py``: architectures and whatever numbers are known of them: free targets, proxy scores, earlier results.
- ``pretraining.py``: learns them all at once, and hidden operations beside; gives a ``Pretrained`` trunk.
"""
