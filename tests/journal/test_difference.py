import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evonas.journal import campaign_difference

OLD = {
    "name": "tiny",
    "budget": 64,
    "objectives": ["validation_error", {"name": "macs", "constraint": "<= 2e5"}],
    "predictor": {"name": "trees", "depth": 4, "learning_rate": 0.1},
    "timeout_seconds": None,
}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def changed(**changes: object) -> dict[str, object]:
    return {**copy.deepcopy(OLD), **changes}


@pytest.mark.parametrize(
    ("new", "lines"),
    [
        (changed(), []),
        (changed(budget=128), ["budget: 64 -> 128"]),
        (changed(budget=64.0), []),
        (changed(budget=True), ["budget: 64 -> true"]),
        (changed(budget="64"), ['budget: 64 -> "64"']),
        (changed(name="small"), ["name: tiny -> small"]),
        (changed(timeout_seconds=5.0), ["timeout_seconds: null -> 5.0"]),
        (
            changed(predictor={"name": "trees", "depth": 6}),
            ["predictor.depth: 4 -> 6", "predictor.learning_rate: removed 0.1"],
        ),
        (changed(predictor="trees"), ['predictor: {"name": "trees", "depth": 4, "learning_rate": 0.1} -> "trees"']),
        (changed(objectives=["validation_error"]), ['objectives[1]: removed {"name": "macs", "constraint": "<= 2e5"}']),
        (changed(objectives=("parameters", *OLD["objectives"])), ["objectives[0]: added parameters"]),
        (
            changed(objectives=["validation_error", {"name": "macs", "constraint": "<= 1e5"}, "parameters"]),
            ["objectives[1].constraint: <= 2e5 -> <= 1e5", "objectives[2]: added parameters"],
        ),
        ({name: value for name, value in OLD.items() if name != "name"}, ["name: removed tiny"]),
        (changed(seed=0), ["seed: added 0"]),
    ],
)
def test_each_difference_is_one_readable_line(new: dict[str, object], lines: list[str]):
    assert campaign_difference(OLD, new) == lines


@given(
    st.dictionaries(st.text(max_size=3), values, max_size=4), st.dictionaries(st.text(max_size=3), values, max_size=4)
)
def test_only_equal_campaigns_have_no_difference(old: dict[str, object], new: dict[str, object]):
    assert campaign_difference(old, copy.deepcopy(old)) == []
    if old != new:
        assert campaign_difference(old, new)
