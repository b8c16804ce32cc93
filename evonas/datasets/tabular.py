"""Tables of numbers and categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evonas.datasets._arguments import checked_seed, checked_shares, existing
from evonas.datasets._columns import Columns, categories, numbers, numeric, read_columns
from evonas.datasets.dataset import Dataset, Splits
from evonas.datasets.partition import floats, partition, standardised, tensors
from evonas.datasets.preparation import Preparation

MOST_CLASSES = 100


class Tabular(Dataset):
    """A table, CSV or (where pyarrow is installed) parquet: one column is the target, the others are inputs.

    A column that holds numbers alone is one input; any other is categorical, an input for each of its values (one-hot),
    and refused where it has a value of its own in most rows.
    All inputs are standardised with the training rows' figures, and so is the target of a regression, so that errors
    are in its standard deviations. Classes are the target's values, sorted; splits are stratified by them.

    Args:
        path: The file, with a line of names.
        target: Name of the target's column.
        regression: Whether the target is a number to be met, not a class.
        categorical: Columns of numbers that are categories all the same.
        ignored: Columns that are left out, such as one that numbers the rows.
        validation: Share of the rows, between 0 and 1.
        test: The same.
        seed: Fixes which row goes to which split; below 2**32.

    Raises:
        ValueError: An argument breaks its rule, or the table cannot be read or has missing numbers.
    """

    def __init__(
        self,
        path: str,
        target: str,
        regression: bool = False,
        categorical: Sequence[str] = (),
        ignored: Sequence[str] = (),
        validation: float = 0.2,
        test: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.path = existing("tabular", path, folder=False)
        self.target = target
        self.regression = bool(regression)
        self.categorical = tuple(categorical)
        self.ignored = tuple(ignored)
        self.validation, self.test = checked_shares("tabular", validation, test)
        self.seed = checked_seed("tabular", seed)
        inputs, targets = self._arrays(self._columns())
        self.input_shape = (inputs.shape[1],)
        self.classes = 1 if self.regression else int(targets.max()) + 1

    def load(self) -> Splits:
        columns = self._columns()
        inputs, targets = self._arrays(columns)
        rows = partition(len(inputs), self.validation, self.test, self.seed, None if self.regression else targets)
        ready, mean, deviation = standardised(inputs, rows.train)
        names = [made for name, values in columns.items() if name != self.target for made in self._names(name, values)]
        said = Preparation("columns of the table", floats(mean), floats(deviation), tuple(names))
        if self.regression:
            targets, mean, deviation = standardised(targets[:, None], rows.train)
            said = replace(said, output_mean=floats(mean), output_deviation=floats(deviation))
        else:
            said = replace(said, output_names=tuple(categories(self.target, columns[self.target])))
        return tensors(ready, targets, rows, said)

    def _columns(self) -> Columns:
        """The table's columns without those ignored.

        Raises:
            ValueError: A column that is named is not there.
        """
        columns = read_columns(self.path)
        for name in (self.target, *self.categorical, *self.ignored):
            if name not in columns:
                raise ValueError(f"tabular: {self.path} has the columns {', '.join(columns)}; got {name!r}")
        return {name: values for name, values in columns.items() if name not in self.ignored or name == self.target}

    def _arrays(self, columns: Columns) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
        """Inputs ``(n, d)``, not yet standardised, and targets ``(n,)``: class numbers, or numbers as they are."""
        inputs = [
            block for name, values in columns.items() if name != self.target for block in self._block(name, values)
        ]
        if not inputs:
            raise ValueError(f"tabular: {self.path} has no column beside the target {self.target!r}")
        return np.stack(inputs, axis=1), self._targets(columns[self.target])

    def _block(self, name: str, values: list[str]) -> list[npt.NDArray[np.float64]]:
        """The inputs that a column becomes."""
        found = None if name in self.categorical else numbers(values)
        if found is not None:
            return [numeric(name, found)]
        held = np.array(values)
        distinct = len(set(values))
        if name not in self.categorical and distinct > max(MOST_CLASSES, len(values) // 2):
            raise ValueError(
                f"tabular: column {name!r} has {distinct:,} different texts in {len(values):,} rows: most only name "
                "their row; list it under ignored, or under categorical to keep it"
            )
        return [(held == category).astype(np.float64) for category in categories(name, values)]

    def _names(self, name: str, values: list[str]) -> list[str]:
        """What the inputs are called that a column becomes, in the order of ``_block``."""
        if name not in self.categorical and numbers(values) is not None:
            return [name]
        return [f"{name}={category}" for category in categories(name, values)]

    def _targets(self, values: list[str]) -> npt.NDArray[Any]:
        if not self.regression:
            classes = {name: number for number, name in enumerate(categories(self.target, values))}
            if len(classes) > MOST_CLASSES:
                raise ValueError(
                    f"tabular: the target {self.target!r} has {len(classes)} different values, more than "
                    f"{MOST_CLASSES} classes; if it is a number to be met, write regression: true"
                )
            if "" in classes:
                raise ValueError(f"tabular: the target {self.target!r} is missing in some rows; take them out")
            return np.array([classes[value] for value in values], dtype=np.int64)
        found = numbers(values)
        if found is None:
            raise ValueError(f"tabular: the target {self.target!r} of a regression must hold numbers alone")
        return numeric(self.target, found)
