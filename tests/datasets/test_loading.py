"""What is checked of any dataset, the user's own too."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from evonas.campaign.planning.assemble import assemble
from evonas.campaign.planning.parts import Parts
from evonas.campaign.reading.fault import CampaignError
from evonas.core.split import Split
from evonas.datasets.dataset import Dataset, Splits
from evonas.datasets.loading import description, loaded
from spaces.cell201 import Cell201

_RNG = torch.Generator().manual_seed(0)


class Own(Dataset):
    """A user's class, found by its dotted name."""

    input_shape = (1, 8, 8)
    classes = 3
    changes: tuple[tuple[str, Any], ...] = ()

    def load(self) -> Splits:
        given: dict[str, Any] = {
            "inputs": torch.randn(40, 1, 8, 8, generator=_RNG),
            "targets": torch.arange(40) % 3,
            **dict(self.changes),
        }
        moved = (given | {"inputs": given["inputs"] + place} for place in range(3))  # no example is in two splits
        return Splits(*(Split(**one) for one in moved))


def own(classes: int = 3, regression: bool = False, vocabulary: int | None = None, **changes: Any) -> Own:
    dataset = Own()
    dataset.classes, dataset.regression, dataset.vocabulary = classes, regression, vocabulary
    dataset.changes = tuple(changes.items())
    return dataset


def test_a_users_own_class_is_trained_on_by_its_dotted_name() -> None:
    plan = assemble(Parts(name="own", space="cell201", budget=2, dataset="test_loading.Own"))
    assert plan.problem.space.classes == 3
    assert type(plan.evaluator.dataset).__name__ == "Own"  # type: ignore[attr-defined]


NAN = torch.where(torch.arange(40).view(-1, 1, 1, 1) == 7, torch.nan, torch.zeros(40, 1, 8, 8))


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        (own(inputs=torch.zeros(39, 1, 8, 8)), "split 'train' has 39 inputs and 40 targets"),
        (own(inputs=torch.zeros(0, 1, 8, 8), targets=torch.zeros(0)), "split 'train' has 0 inputs and 0 targets"),
        (own(inputs=torch.zeros(40, 3, 8, 8)), r"have the shape \(3, 8, 8\), input_shape is \(1, 8, 8\)"),
        (own(inputs=torch.zeros(40, 1, 8, 8).double()), r"inputs of split 'train' are torch.float64; give float32"),
        (own(inputs=torch.zeros(40, 1, 8, 8, dtype=torch.uint8)), "uint8 inputs alone; give mean and deviation"),
        (own(inputs=NAN), "1 inputs of split 'train' hold NaN or infinite numbers, the first is number 7"),
        (own(targets=torch.arange(40) % 4), "labels of split 'train' go from 0 to 3; they are from 0 to 2"),
        (own(targets=torch.arange(40) % 3 - 1), "labels of split 'train' go from -1 to 1"),
        (own(targets=torch.zeros(40)), r"targets of split 'train' are torch.float32; classes are int64"),
        (own(targets=torch.full((40,), 2)), "all 40 training examples are of class 2; add another"),
        (own(1, True, targets=torch.zeros(40)), r"float32 of shape \(40,\); a regression's are float32 of .*\(40, 1\)"),
        (own(1, True, targets=torch.full((40, 1), torch.inf)), "targets of split 'train' hold NaN or infinite"),
        (own(1, True, targets=torch.full((40, 1), 4.5)), "the target is the same number in every training"),
        (own(nonsense=1), "load raised TypeError: .*nonsense.*; mend it"),
        (own(vocabulary=9), r"token ids of split 'train' are torch.float32.* they are int64 below the vocabulary, 9"),
    ],
)
def test_data_that_break_a_rule_are_refused(dataset: Own, told: str) -> None:
    with pytest.raises(ValueError, match=f"dataset Own: .*{told}"):
        loaded(dataset)


class Faulty(Own):
    """Its test split alone is broken."""

    def load(self) -> Splits:
        splits = super().load()
        return Splits(splits.train, splits.validation, Split(NAN, splits.test.targets))


def test_the_test_split_is_checked_before_a_campaign_that_will_report_on_it() -> None:
    parts = Parts(name="own", space="cell201", budget=2, dataset=Faulty(), proxies=())
    with pytest.raises(CampaignError, match="dataset: dataset Faulty: 1 inputs of split 'test' hold NaN"):
        assemble(parts)
    assert assemble(replace(parts, retrain_seeds=0)).retrain_seeds == 0


def test_the_test_split_is_checked_only_where_asked() -> None:
    assert len(loaded(Faulty()).train) == 40
    with pytest.raises(ValueError, match="dataset Faulty: 1 inputs of split 'test' hold NaN"):
        loaded(Faulty(), test=True)


class Overlapping(Own):
    """As where a test set is taken for validation data, or rows are drawn with replacement."""

    splits: Splits

    def load(self) -> Splits:
        return self.splits


def test_a_split_that_holds_most_of_another_is_refused() -> None:
    whole = Own().load()
    dataset = Overlapping()

    def mixed(split: Split, other: Split, count: int) -> Split:
        return replace(split, inputs=torch.cat([other.inputs[:count], split.inputs[count:]]))

    dataset.splits = replace(whole, validation=mixed(whole.validation, whole.train, 30))
    with pytest.raises(ValueError, match="30 inputs of split 'train' stand in split 'validation', too; each example"):
        loaded(dataset)
    dataset.splits = replace(whole, test=mixed(whole.test, whole.validation, 40))
    with pytest.raises(ValueError, match="40 inputs of split 'validation' stand in split 'test', too"):
        loaded(dataset, test=True)
    assert loaded(dataset) is dataset.splits, "the test split is looked at only where it is reported on"
    dataset.splits = replace(whole, validation=mixed(whole.validation, whole.train, 5))
    assert loaded(dataset, test=True), "a few twins are in many datasets"
    dataset.splits = replace(whole, validation=mixed(whole.validation, whole.train, 5).first(5))
    assert loaded(dataset), "nine of so few are chance"
    tracked = replace(whole, train=replace(whole.train, inputs=whole.train.inputs.clone().requires_grad_()))
    dataset.splits = tracked
    assert loaded(dataset) is tracked
    dataset.splits = None  # type: ignore[assignment]
    with pytest.raises(ValueError, match="load gave NoneType; it must give Splits"):
        loaded(dataset)


def test_equal_inputs_of_few_values_are_no_sign_of_one_example() -> None:
    dataset = Overlapping()
    few = (torch.arange(40) % 20).float().view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    dataset.splits = Splits(*(Split(few, torch.arange(40) % 3) for _ in range(3)))
    assert loaded(dataset, test=True)


def test_what_was_found_is_told() -> None:
    def told(dataset: Own) -> str:
        return description(dataset, loaded(dataset))

    sizes = "40 train, 40 validation, 40 test examples of 1x8x8 float32"
    assert told(own()) == f"{sizes}; 3 classes, 13 to 14 training examples each"
    assert told(own(4)) == f"{sizes}; 4 classes, 0 to 14 training examples each: 1 CANNOT BE LEARNT, having none"
    lopsided = own(2, targets=(torch.arange(40) < 2).long())
    assert told(lopsided) == f"{sizes}; 2 classes, 2 to 38 training examples each: imbalanced, 19 to 1"
    goals = own(2, True, targets=torch.randn(40, 2, generator=_RNG))
    assert told(goals) == f"{sizes}; 2 targets, a regression"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dataset": own(inputs=NAN)}, "dataset: dataset Own: 1 inputs of split 'train' hold NaN"),
        ({"dataset": own(1, True, targets=torch.randn(40, 1))}, "trainer: trains on classes, but .* take 'regressor'"),
        ({"trainer": "regressor"}, "trainer: trains on numbers, but the dataset's targets are classes"),
        (
            {"space": Cell201(classes=2)},
            r"space: the space builds networks for .* 2 classes, but .* 8\) and 3\. Make",
        ),
        ({"dataset": own(vocabulary=9)}, "space: the space's networks take real numbers, but .* token ids below 9"),
        ({"trainer": {"name": "classifier", "device": "cuda:99"}}, "trainer.*: classifier: device must exist on this"),
    ],
)
def test_parts_that_do_not_fit_are_refused_before_anything_is_trained(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(CampaignError, match=told):
        assemble(Parts(**{"name": "own", "space": "cell201", "budget": 2, "dataset": own(), **changes}))
