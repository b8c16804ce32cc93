"""The factor that makes deviations cover."""

from statistics import NormalDist

import numpy as np
import pytest

from surrogates.conformal import conformal_factor


def test_rank_by_hand() -> None:
    errors = np.array([5.0, 1.0, 3.0, 2.0, 4.0, 9.0, 7.0, 8.0, 6.0])
    assert conformal_factor(errors, 0.8) == pytest.approx(8.0 / 1.2815516)  # the 8th of 9: ceil(10 x 0.8)
    assert conformal_factor(errors[:3], 0.8) == pytest.approx(5.0 / 1.2815516)  # the 4th of 3: the largest stands in


@pytest.mark.parametrize("n", [9, 19, 49])
def test_unseen_errors_are_covered_whatever_their_distribution(n: int) -> None:
    """Over 4,000 draws the share is within 0.02 of what the theory says: ceil((n + 1) 0.8) / (n + 1)."""
    rng = np.random.default_rng(n)
    errors = rng.lognormal(sigma=2, size=(4000, n + 1))
    reach = NormalDist().inv_cdf(0.9)
    covered = [row[-1] <= reach * conformal_factor(row[:-1], 0.8) * (1 + 1e-12) for row in errors]
    assert np.mean(covered) == pytest.approx(np.ceil((n + 1) * 0.8) / (n + 1), abs=0.02)
