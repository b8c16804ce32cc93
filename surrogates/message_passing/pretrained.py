"""Pretrained trunks: saved as safetensors with a JSON card, read back, and fitted to another space by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from surrogates.message_passing.graph_tensors import GraphReader
from surrogates.message_passing.network import FEATURES, OPERATIONS, Parameters

FORMAT = 1
_CARD = "card"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a pretrained trunk.

    Attributes:
        space: The space it learned, in words.
        ops: Operations in the order of their rows.
        features: Node features in the order of their rows.
        targets: What it learned to predict.
        data_hash: SHA-256 over the training architectures and their targets.
        scores: By target, the score on architectures that it was never trained on.
        architectures: How many it was trained on.
        format: Version of the file's format.
    """

    space: str
    ops: tuple[str, ...]
    features: tuple[str, ...]
    targets: tuple[str, ...]
    data_hash: str
    scores: Mapping[str, float | None]
    architectures: int
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A trunk of ``e`` members and its card.

    Attributes:
        parameters: Those of ``new_trunk``.
        card: What is known of it.
    """

    parameters: Parameters
    card: Card

    def save(self, path: Path) -> None:
        """Writes ``path`` in the safetensors format, card included, and the card once more beside it for people.

        Raises:
            OSError: The folder does not exist or cannot be written.
        """
        text = json.dumps(asdict(self.card), indent=2)
        save_file({name: value.contiguous() for name, value in self.parameters.items()}, path, {_CARD: text})
        path.with_suffix(".json").write_text(text + "\n")

    @classmethod
    def load(cls, path: Path) -> Pretrained:
        """Reads what ``save`` wrote; nothing in the file is run.

        Raises:
            ValueError: There is no such file, it is not whole, or its format is of another version.
        """
        if not path.is_file():
            raise ValueError(f"pretrained must be a file that runs/pretrain.py wrote; there is no file {str(path)!r}")
        try:
            with safe_open(path, framework="pt") as file:
                text = (file.metadata() or {}).get(_CARD)
                parameters = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise _corrupt(path, str(error)) from error
        if text is None:
            raise _corrupt(path, "it has no card")
        card = _card(text, path)
        _check_shapes(parameters, card, path)
        return cls(parameters, card)

    def adapted(self, reader: GraphReader, members: int) -> Parameters:
        """The trunk for another space's reader: rows of operations and features are matched by name.

        An operation that it never saw takes the row that stands for any unnamed operation and is told by its
        descriptors; a feature that it never saw has no say at first.

        Args:
            reader: Of the space to read.
            members: Networks wanted; the file's are repeated where it has fewer.

        Raises:
            ValueError: An operation is neither known nor described; says what differs.
        """
        known = self.card.ops
        unknown = [op for op in reader.ops if op not in known and not reader.is_described(op)]
        if unknown:
            raise ValueError(
                f"the pretrained network knows the operations of {self.card.space} ({', '.join(known)}) and others by "
                f"their descriptors; nothing tells what {', '.join(map(repr, unknown))} do. Give their descriptors, "
                f"such as descriptors: {{{unknown[0]}: {{convolution: 1, kernel: 3}}}}, or leave out pretrained"
            )
        chosen = torch.arange(members) % len(self.parameters["gate"])
        trunk = {name: value[chosen] for name, value in self.parameters.items()}
        nameless, masked = len(known), len(known) + 1
        rows = [known.index(op) if op in known else nameless for op in reader.ops]
        trunk[OPERATIONS] = trunk[OPERATIONS][:, [*rows, nameless, masked]]
        fresh = trunk[FEATURES].new_zeros(members, len(reader.features), trunk[FEATURES].shape[-1])
        for row, name in enumerate(reader.features):
            if name in self.card.features:
                fresh[:, row] = trunk[FEATURES][:, self.card.features.index(name)]
        trunk[FEATURES] = fresh
        return trunk


def _corrupt(path: Path, why: str) -> ValueError:
    return ValueError(f"pretrained file {str(path)!r} cannot be read: {why}. Make it anew with runs/pretrain.py")


def _card(text: str, path: Path) -> Card:
    try:
        document = json.loads(text)
        version = document["format"]
        if version != FORMAT:
            raise ValueError(
                f"pretrained file {str(path)!r} has format {version}, and this version reads format {FORMAT}. "
                "Make it anew with runs/pretrain.py"
            )
        document |= {name: tuple(document[name]) for name in ("ops", "features", "targets")}
        return Card(**document)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise _corrupt(path, f"its card is no card ({error})") from error


def _check_shapes(parameters: Mapping[str, Tensor], card: Card, path: Path) -> None:
    gate = parameters.get("gate")
    if gate is None or gate.dim() != 3:
        raise _corrupt(path, "it lacks the tensor 'gate'")
    e, h, _ = gate.shape
    layers = len({name.partition(".")[0] for name in parameters if "." in name})
    expected: dict[str, Sequence[int]] = {
        OPERATIONS: (e, len(card.ops) + 2, h),
        FEATURES: (e, len(card.features), h),
        "gate": (e, h, h),
    }
    for layer in range(layers):
        expected |= {f"{layer}.messages": (e, 3 * h, h), f"{layer}.bias": (e, 1, h)}
    for name in sorted(expected.keys() | parameters.keys()):
        found = tuple(parameters[name].shape) if name in parameters else None
        if found != expected.get(name):
            raise _corrupt(path, f"tensor {name!r} has shape {found}, where {expected.get(name)} is expected")
        if not torch.isfinite(parameters[name]).all():
            raise _corrupt(path, f"tensor {name!r} has values that are not finite")
