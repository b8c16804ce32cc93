"""The vocabulary of a campaign: values without machinery.

- ``architecture`` lives on the ground floor (``spaces``); here are what is wanted and what is known of it.
- ``objective.py``, ``constraint.py``, ``problem.py``: what is searched for.
- ``evaluation.py``, ``failure.py``: what one training brings home.
- ``archive.py``, ``hypervolume.py``, ``record.py``: everything known so far, measured, and told.
- ``searcher.py``, ``observer.py``: who chooses, who watches.
- ``randomness.py``: generators keyed by purpose.
- ``example_inputs.py``: noise or tokens where no data is at hand.
"""
