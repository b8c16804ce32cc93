"""The specification: defaults, strictness, immutability and the way there and back."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evonas.campaign.reading.fault import CampaignError
from evonas.campaign.reading.specification import Component, Specification

LEAST = {"name": "x", "space": "cell201", "budget": 4}

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
components = st.text(min_size=1) | st.builds(
    lambda name, arguments: {**arguments, "name": name},
    st.text(min_size=1),
    st.dictionaries(st.text(), plain, max_size=3),
)
bounds = st.builds(
    lambda comparison, bound: f"{comparison} {bound!r}",
    st.sampled_from(["<=", ">=", "<", ">"]),
    st.floats(allow_nan=False, allow_infinity=False),
)
campaigns = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
        "space": components,
        "budget": st.integers(1),
    },
    optional={
        "dataset": components,
        "trainer": components,
        "evaluator": st.none() | components,
        "objectives": st.lists(
            components, min_size=1, max_size=3, unique_by=lambda item: item if isinstance(item, str) else item["name"]
        ),
        "constraints": st.none() | st.dictionaries(st.text(), bounds, max_size=3),
        "searcher": components,
        "predictor": st.none() | components,
        "proxies": st.none() | st.lists(components, max_size=3),
        "executor": components,
        "seed": st.integers(0),
        "initial": st.integers(1),
        "batch": st.integers(1),
        "rungs": st.none() | st.lists(st.integers(1), unique=True).map(sorted),
        "replicates": st.none() | st.integers(1) | st.fixed_dictionaries({"share": st.floats(0, 1)}),
        "retrain_front": st.none() | st.integers(0) | st.fixed_dictionaries({"seeds": st.integers(0)}),
        "results": st.text(min_size=1),
    },
)


@given(campaigns)
def test_resolved_leads_back_and_is_json(values: dict[str, object]) -> None:
    specification = Specification.from_mapping(values)
    resolved = specification.resolved()
    again = Specification.from_mapping(json.loads(json.dumps(resolved, allow_nan=False)))
    assert again == specification
    assert again.resolved() == resolved
    assert set(resolved) == set(Specification.model_fields)


def test_defaults() -> None:
    assert Specification.from_mapping(LEAST).resolved() == {
        "name": "x",
        "space": {"name": "cell201"},
        "dataset": {"name": "digits"},
        "trainer": {"name": "classifier"},
        "evaluator": None,
        "objectives": [{"name": "validation_error"}, {"name": "macs"}, {"name": "parameters"}],
        "constraints": {},
        "searcher": {"name": "screened_nsga2"},
        "predictor": {"name": "gaussian_process"},
        "proxies": [{"name": "synflow"}, {"name": "nwot"}, {"name": "parameters"}],
        "executor": {"name": "processes", "workers": 2},
        "budget": 4,
        "seed": 0,
        "initial": 16,
        "batch": 8,
        "rungs": {"epochs": [], "reduction_factor": 3, "promote_by": "values"},
        "early_stopping": None,
        "replicates": {"trainings": 1, "share": 0.1},
        "retrain_front": {"seeds": 3},
        "warm_start": None,
        "results": "results/x",
    }


@pytest.mark.parametrize(("written", "seeds"), [(None, 0), (0, 0), (5, 5), ({}, 3), ({"seeds": 2}, 2)])
def test_retraining(written: object, seeds: int) -> None:
    assert Specification.from_mapping({**LEAST, "retrain_front": written}).retrain_front.seeds == seeds


def test_no_bound_loses_digits() -> None:
    specification = Specification.from_mapping({**LEAST, "constraints": {"macs": "<= 1234567.25"}})
    assert specification.resolved()["constraints"] == {"macs": "<= 1234567.25"}


def test_nothing_can_be_changed() -> None:
    channels = [4, 8]
    specification = Specification.from_mapping({**LEAST, "space": {"name": "cell201", "channels": channels}})
    channels.append(16)
    specification.space.arguments["channels"].append(16)
    specification.resolved()["space"]["channels"].append(16)
    assert specification.space.arguments == {"channels": [4, 8]}
    with pytest.raises(ValidationError, match="frozen"):
        specification.budget = 5  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        specification.space.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"budget": True}, "budget: expected a whole number. Got true."),
        ({"seed": -1, "budget": "4"}, "seed: expected a whole number, at least 0. Got -1."),
        ({"space": {"name": "cell201", "of": object}}, "space.of: expected a plain value: text, number, true,"),
        ({"space": {"name": "cell201", "of": {3: 4}}}, "space.of: expected a plain value"),
        (
            {"space": {"name": "cell201", "of": [1, [float("inf")]]}},
            "space.of[1][0]: expected a finite number. Got inf.",
        ),
        ({"constraints": {"macs": 3}}, "constraints.macs: a constraint is a comparison with a number"),
        ({"unknown": 3}, "unknown: unknown key. Expected one of name, space, dataset"),
    ],
)
def test_errors_from_python_have_places_but_no_lines(change: dict[str, object], said: str) -> None:
    with pytest.raises(CampaignError, match=rf"(?m)^{re.escape(said)}"):
        Specification.from_mapping({**LEAST, **change})


def test_arguments_may_have_any_name() -> None:
    component = Component.model_validate({"name": "x", "arguments": 1, "resolved": 2, "model_config": 3, "_own": 4})
    assert component.arguments == {"arguments": 1, "resolved": 2, "model_config": 3, "_own": 4}
    assert component.resolved()["name"] == "x"
