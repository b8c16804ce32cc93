"""``transformer`` against published parameter counts, and every row of HW-GPT-Bench's table."""

import csv
import gzip
import os
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from spaces import Architecture
from spaces.transformer import Transformer

DATA = Path(os.environ.get("EVONAS_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
SMALL = f"embed_dim=768 heads={'-'.join(['12'] * 12)} mlp_ratio={'-'.join(['4'] * 12)}"
MEDIUM = f"embed_dim=1024 heads={'-'.join(['16'] * 24)} mlp_ratio={'-'.join(['4'] * 24)}"


@pytest.fixture(scope="module")
def table() -> list[dict[str, str]]:
    path = DATA / "hwgpt_small.csv.gz"
    if not path.exists():
        pytest.skip(f"no published table at {path}: set EVONAS_DATA to the folder that holds hwgpt_small.csv.gz")
    with gzip.open(path, "rt", newline="") as lines:
        return list(csv.DictReader(lines))


def notation(row: dict[str, str]) -> str:
    return " ".join(f"{name}={row[name]}" for name in ("embed_dim", "heads", "mlp_ratio", "bias"))


def built(space: Transformer, architecture: Architecture) -> tuple[int, int]:
    """Parameters and multiply-accumulates that torch counts, without memory for the weights."""
    with torch.device("meta"):
        model = space.build(architecture)
        inputs = torch.zeros((1, *space.input_shape), dtype=torch.long if space.vocabulary else torch.float32)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(inputs)
    return sum(weight.numel() for weight in model.parameters()), counter.get_total_flops() // 2


@pytest.mark.parametrize(
    ("space", "text", "parameters"),
    [
        (Transformer(), SMALL, 124_439_808),
        (Transformer(embed_dims=1024, layers=24, heads=[8, 16], mlp_ratios=4), MEDIUM, 354_823_168),
        (Transformer("vit"), SMALL, 86_567_656),
    ],
    ids=["gpt2-small", "gpt2-medium", "vit-b-16"],
)
def test_parameters_are_the_published_ones(space: Transformer, text: str, parameters: int) -> None:
    cost = space.cost(space.parse(text))
    assert cost.parameters == parameters
    assert built(space, space.parse(text)) == (cost.parameters, cost.macs)


def test_every_row_of_the_table_is_an_architecture(table: list[dict[str, str]]) -> None:
    space = Transformer("hwgpt")
    texts = [notation(row) for row in table]
    assert len(set(texts)) == len(texts) == 10_000
    for text in texts:
        assert space.format(space.parse(text)) == text


def test_the_rows_are_architectures_of_the_default_space_with_bias_as_a_gene(table: list[dict[str, str]]) -> None:
    space = Transformer(bias=[True, False])
    for row in table[::50]:
        space.check(space.parse(notation(row)))


def test_parameters_and_macs_of_every_row_are_the_published_ones(table: list[dict[str, str]]) -> None:
    """The published multiply-accumulates leave out attention's products and are for 8 sequences of 1,024 tokens."""
    space = Transformer("hwgpt", predict="every")
    for row in table:
        cost = space.cost(space.parse(notation(row)))
        products = sum(2 * 1024**2 * 64 * int(heads) for heads in row["heads"].split("-"))
        assert cost.parameters == int(float(row["params"]))
        assert 8 * (cost.macs - products) == int(float(row["macs"]))


def test_built_networks_of_the_table_have_the_same_counts(table: list[dict[str, str]]) -> None:
    space = Transformer("hwgpt", predict="every")
    for row in table[:4]:
        architecture = space.parse(notation(row))
        cost = space.cost(architecture)
        assert built(space, architecture) == (cost.parameters, cost.macs)
