"""Loads a dataset, checks what came, and says what was found. For datasets of the user's own, too."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from evonas.datasets.dataset import Dataset, Split, Splits

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = (1, 3, 4)  # of most images
DISTINCT = 0.9  # share of different training inputs from which on equal inputs are a sign of the same example
MANY = 10  # fewer equal inputs are chance, whatever share of a small split they are
IMBALANCED = 10  # times as many examples in the largest class as in the smallest


def loaded(dataset: Dataset, test: bool = False) -> Splits:
    """The dataset's splits, checked: shapes, types, sizes, labels, finite numbers, disjoint, something to learn.

    Args:
        dataset: Any.
        test: Check the test split, too; nothing is selected by it.

    Raises:
        ValueError: A rule is broken; says which, what was found and the remedy.
    """
    import torch

    try:
        splits = dataset.load()
    except (ValueError, OSError, MemoryError):
        raise
    except Exception as error:  # a class of the user's own may raise anything
        raise _broken(dataset, f"load raised {type(error).__name__}: {error}", "mend it") from error
    if not isinstance(splits, Splits):
        raise _broken(dataset, f"load gave {type(splits).__name__}", "it must give Splits")
    checked = {"train": splits.train, "validation": splits.validation, **({"test": splits.test} if test else {})}
    for name, split in checked.items():
        _check_inputs(dataset, name, split)
        _check_targets(dataset, name, split)
    _check_disjoint(dataset, checked)
    targets = splits.train.targets
    if dataset.regression:
        constant = (targets == targets[:1]).all(dim=0).nonzero().flatten().tolist()
        if constant:
            which = "the target" if dataset.classes == 1 else f"target {constant[0]}"
            remedy = "take another" if dataset.classes == 1 else "leave it out"
            raise _broken(dataset, f"{which} is the same number in every training example", remedy)
    elif len(torch.unique(targets)) < 2:
        raise _broken(
            dataset, f"all {len(targets):,} training examples are of class {int(targets.flatten()[0])}", "add another"
        )
    return splits


def description(dataset: Dataset, splits: Splits) -> str:
    """What was found, in a line: sizes, shape, and the classes' balance or the targets."""
    import torch

    sizes = f"{len(splits.train):,} train, {len(splits.validation):,} validation, {len(splits.test):,} test"
    shape = "x".join(map(str, dataset.input_shape))
    kind = "tokens" if dataset.vocabulary is not None else str(splits.train.inputs.dtype).removeprefix("torch.")
    found = f"{sizes} examples of {shape} {kind}"
    if len(dataset.input_shape) == 3 and dataset.input_shape[2] in CHANNELS and dataset.input_shape[0] not in CHANNELS:
        found += ", CHANNELS SEEM TO BE LAST: they are expected first"
    if dataset.regression:
        return f"{found}; {dataset.classes} target{'s' if dataset.classes > 1 else ''}, a regression"
    counts = torch.bincount(splits.train.targets.flatten(), minlength=dataset.classes)
    if dataset.vocabulary is not None:
        return f"{found}; {int((counts > 0).sum())} of {dataset.classes} tokens occur in training"
    least, most = int(counts.min()), int(counts.max())
    found += f"; {dataset.classes} classes, {least:,} to {most:,} training examples each"
    if least == 0:
        return f"{found}: {int((counts == 0).sum())} CANNOT BE LEARNT, having none"
    return f"{found}: imbalanced, {most / least:.0f} to 1" if most >= IMBALANCED * least else found


def _check_inputs(dataset: Dataset, name: str, split: Split) -> None:
    import torch

    inputs = split.inputs
    if not len(split) or len(inputs) != len(split):
        raise _broken(
            dataset,
            f"split {name!r} has {len(inputs):,} inputs and {len(split):,} targets",
            "each needs some, and equally many",
        )
    if tuple(inputs.shape[1:]) != tuple(dataset.input_shape):
        raise _broken(
            dataset,
            f"inputs of split {name!r} have the shape {tuple(inputs.shape[1:])}, input_shape is {dataset.input_shape}",
            "correct one of them",
        )
    if dataset.vocabulary is not None:
        if inputs.dtype != torch.int64 or int(inputs.min()) < 0 or int(inputs.max()) >= dataset.vocabulary:
            raise _broken(
                dataset,
                f"token ids of split {name!r} are {inputs.dtype}, {inputs.min()} to {inputs.max()}",
                f"they are int64 below the vocabulary, {dataset.vocabulary}",
            )
    elif inputs.dtype == torch.uint8:
        if split.mean is None or split.deviation is None:
            raise _broken(dataset, f"split {name!r} has uint8 inputs alone", "give mean and deviation, too")
    elif inputs.dtype != torch.float32:
        raise _broken(dataset, f"inputs of split {name!r} are {inputs.dtype}", "give float32, or uint8 pixels")
    elif not bool(torch.isfinite(inputs).all()):
        bad = (~torch.isfinite(inputs)).flatten(1).any(dim=1).nonzero().flatten()
        raise _broken(
            dataset,
            f"{len(bad):,} inputs of split {name!r} hold NaN or infinite numbers, the first is number {int(bad[0])}",
            "clean them or leave them out",
        )


def _check_targets(dataset: Dataset, name: str, split: Split) -> None:
    import torch

    targets = split.targets
    if dataset.regression:
        wanted = (len(split), dataset.classes)
        if targets.dtype != torch.float32 or tuple(targets.shape) != wanted:
            raise _broken(
                dataset,
                f"targets of split {name!r} are {targets.dtype} of shape {tuple(targets.shape)}",
                f"a regression's are float32 of shape {wanted}",
            )
        if not bool(torch.isfinite(targets).all()):
            raise _broken(
                dataset, f"targets of split {name!r} hold NaN or infinite numbers", "leave those examples out"
            )
        return
    if targets.dtype != torch.int64:
        raise _broken(
            dataset, f"targets of split {name!r} are {targets.dtype}", "classes are int64; a regression says so itself"
        )
    least, most = int(targets.min()), int(targets.max())
    if least < 0 or most >= dataset.classes:
        raise _broken(
            dataset,
            f"labels of split {name!r} go from {least} to {most}",
            f"they are from 0 to {dataset.classes - 1}, by its {dataset.classes} classes; correct either",
        )


def _check_disjoint(dataset: Dataset, checked: Mapping[str, Split]) -> None:
    """Refuses splits of which one holds most of another; a few twins are in many datasets.

    Where inputs often are equal anyway, as of a table with a few categories, nothing is said.
    """
    prints = {name: _prints(split.inputs) for name, split in checked.items()}
    if len(set(prints["train"])) < DISTINCT * len(prints["train"]):
        return
    for one, other in combinations(prints, 2):
        shared = len(set(prints[one]) & set(prints[other]))
        if shared >= MANY and 2 * shared > min(len(prints[one]), len(prints[other])):
            raise _broken(
                dataset,
                f"{shared:,} inputs of split {one!r} stand in split {other!r}, too",
                "each example belongs to one split, for what was seen in one says nothing in another",
            )


def _prints(inputs: Tensor) -> list[int]:
    """A number for each input, the same for equal ones in this process."""
    return [hash(row.tobytes()) for row in inputs.detach().cpu().contiguous().numpy()]


def _broken(dataset: Dataset, found: str, remedy: str) -> ValueError:
    return ValueError(f"dataset {type(dataset).__name__}: {found}; {remedy}")
