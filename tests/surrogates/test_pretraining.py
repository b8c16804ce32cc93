"""Pretraining: the corpus, the trunk it gives, its file, and what another space takes over."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from branching_space import BranchingSpace
from predictor_laws import SPACE, problem
from safetensors.torch import load_file, save_file

from spaces.cell101 import Cell101
from spaces.cell201 import Cell201
from spaces.macro import Macro
from surrogates.message_passing.graph_tensors import GraphReader
from surrogates.message_passing.pretrained import Pretrained
from surrogates.predictors.graph_network import GraphNetwork
from surrogates.pretraining.corpus import Corpus, distinct_samples, free_targets
from surrogates.pretraining.pretraining import MASKED, Recipe, pretrain

SCRIPT = Path(__file__).parents[2] / "runs" / "pretrain.py"
YAML = SCRIPT.parent / "pretraining" / "cell201.yaml"
QUICK = Recipe(members=2, hidden=16, layers=2, steps=120, held_out=0.2)


def corpus(count: int) -> Corpus:
    drawn = distinct_samples(SPACE, count, np.random.default_rng(0))
    return Corpus.of(SPACE, zip(drawn, free_targets(SPACE, drawn), strict=True))


@pytest.fixture(scope="module")
def pretrained() -> Pretrained:
    return pretrain(SPACE, "cell201", corpus(400), QUICK, np.random.default_rng(0), lambda share: None)


@pytest.fixture
def path(pretrained: Pretrained, tmp_path: Path) -> Path:
    pretrained.save(tmp_path / "trunk.safetensors")
    return tmp_path / "trunk.safetensors"


def test_a_corpus_joins_what_sources_know() -> None:
    first, second = distinct_samples(SPACE, 2, np.random.default_rng(0))
    found = Corpus.of(
        SPACE, [(first, {"a": 1.0}), (second, {"b": np.inf}), (first, {"a": 3.0, "b": 5.0}), (second, {})]
    )
    assert found.names == ("a", "b")
    np.testing.assert_array_equal(found.values, [[2.0, 5.0], [np.nan, np.nan]])
    assert found.data_hash() != Corpus(found.graphs, found.names, found.values + 1).data_hash()


def test_free_targets_are_the_costs() -> None:
    architecture = SPACE.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|")
    (found,) = free_targets(SPACE, [architecture])
    cost = SPACE.cost(SPACE.simplify(architecture))
    expected = {"log_parameters": np.log1p(cost.parameters), "log_macs": np.log1p(cost.macs), "depth": 2.0}
    assert found == pytest.approx(expected)


def test_it_learns_what_it_is_scored_on_with_architectures_it_never_saw(pretrained: Pretrained) -> None:
    scores = pretrained.card.scores
    assert set(scores) == {"log_parameters", "log_macs", "depth", MASKED}
    assert (scores["log_macs"] or 0) > 0.75
    assert (scores[MASKED] or 0) > 0.3  # of seven operations; the most frequent is right in about one of five
    assert pretrained.card.architectures == 320


def test_the_same_generator_gives_the_same_trunk() -> None:
    short = Recipe(members=2, hidden=8, layers=1, steps=3)
    first, second = (
        pretrain(SPACE, "cell201", corpus(40), short, np.random.default_rng(3), lambda share: None) for _ in range(2)
    )
    for name, value in first.parameters.items():
        torch.testing.assert_close(value, second.parameters[name], rtol=0, atol=0)


def test_a_file_reads_back_what_was_written(pretrained: Pretrained, path: Path) -> None:
    found = Pretrained.load(path)
    assert found.card == pretrained.card
    assert found.parameters.keys() == pretrained.parameters.keys()
    for name, value in pretrained.parameters.items():
        assert torch.equal(found.parameters[name], value)
    assert json.loads(path.with_suffix(".json").read_text())["scores"] == dict(pretrained.card.scores)


def test_a_pretrained_network_fits_and_differs_from_a_fresh_one(path: Path) -> None:
    architectures, targets = problem(0, 30)
    means = []
    for file in (str(path), None):
        predictor = GraphNetwork(SPACE, members=3, steps=20, pretrained=file)
        predictor.fit(architectures, targets, np.random.default_rng(0))
        means.append(predictor.predict(architectures).mean)
    assert np.abs(means[0] - means[1]).max() > 0.01


def test_rows_are_matched_by_name(pretrained: Pretrained) -> None:
    space = Cell201(ops=("nor_conv_3x3", "skip_connect"))
    reader = GraphReader(space)
    trunk = pretrained.adapted(reader, members=3)
    known = pretrained.card.ops
    for row, op in enumerate(reader.ops):
        assert torch.equal(trunk["operations"][2, row], pretrained.parameters["operations"][0, known.index(op)])
    macro = GraphReader(Macro())
    trunk = pretrained.adapted(macro, members=2)
    nameless = pretrained.parameters["operations"][:, len(known)]
    assert torch.equal(trunk["operations"][:, macro.ops.index("mb6_k5")], nameless)
    kernel = macro.features.index("kernel"), pretrained.card.features.index("kernel")
    assert torch.equal(trunk["features"][:, kernel[0]], pretrained.parameters["features"][:, kernel[1]])
    assert not trunk["features"][:, macro.features.index("channels")].any()


def test_another_space_is_read_by_descriptors(path: Path) -> None:
    space, rng = Cell101(), np.random.default_rng(0)
    architectures = [space.sample(rng) for _ in range(20)]
    predictor = GraphNetwork(space, members=2, steps=5, pretrained=str(path))
    predictor.fit(architectures, rng.normal(size=20), rng)
    assert np.isfinite(predictor.predict(architectures).mean).all()


def test_an_operation_of_which_nothing_is_known_is_refused(path: Path) -> None:
    space = BranchingSpace()
    unknown = [op for op in space.ops if not GraphReader(space).is_described(op)]
    assert unknown
    with pytest.raises(
        ValueError, match=rf"knows the operations of cell201 \(input, .*what '{unknown[0]}'.*descriptors"
    ):
        GraphNetwork(space, pretrained=str(path))
    GraphNetwork(space, pretrained=str(path), descriptors={op: {"convolution": 1.0} for op in unknown})


def test_missing_corrupt_and_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no file 'nowhere\.safetensors'"):
        GraphNetwork(SPACE, pretrained="nowhere.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"broken\.safetensors' cannot be read: .*Make it anew"):
        Pretrained.load(broken)
    broken.write_bytes(b"no tensors at all")
    with pytest.raises(ValueError, match=r"broken\.safetensors' cannot be read"):
        Pretrained.load(broken)
    tensors = load_file(path)
    save_file(tensors, broken)
    with pytest.raises(ValueError, match="it has no card"):
        Pretrained.load(broken)
    card = json.loads(path.with_suffix(".json").read_text())
    save_file(tensors, broken, {"card": json.dumps({**card, "format": 99})})
    with pytest.raises(ValueError, match="has format 99, and this version reads format 1"):
        Pretrained.load(broken)
    save_file(tensors, broken, {"card": json.dumps({"format": 1})})
    with pytest.raises(ValueError, match="its card is no card"):
        Pretrained.load(broken)
    save_file({**tensors, "features": tensors["features"][:, :-1].contiguous()}, broken, {"card": json.dumps(card)})
    with pytest.raises(ValueError, match=r"tensor 'features' has shape \(2, 17, 16\), where \(2, 18, 16\) is expected"):
        Pretrained.load(broken)
    save_file({**tensors, "gate": tensors["gate"] * torch.nan}, broken, {"card": json.dumps(card)})
    with pytest.raises(ValueError, match="tensor 'gate' has values that are not finite"):
        Pretrained.load(broken)


def test_too_little_to_learn_from_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 20 different architectures; got 10"):
        pretrain(SPACE, "cell201", corpus(10), Recipe(), rng, lambda share: None)
    nothing = Corpus.of(SPACE, ((graph, {}) for graph in corpus(30).graphs))
    with pytest.raises(ValueError, match="needs something to learn"):
        pretrain(SPACE, "cell201", nothing, Recipe(masked=False), rng, lambda share: None)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("pretrain_script", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_script_writes_a_file_that_a_predictor_takes(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "cells.csv"
    drawn = distinct_samples(SPACE, 30, np.random.default_rng(5))
    lines = [f"{SPACE.format(architecture)},{row}" for row, architecture in enumerate(drawn)]
    table.write_text("\n".join(["arch,error", *lines]) + "\n")
    output = tmp_path / "made" / "trunk.safetensors"
    changes = {
        "space": "{name: cell201, skeleton: compact, input_shape: [1, 8, 8]}",
        "samples": "20",
        "proxies": "[parameters]",
        "tables": f"[{{path: {table}, columns: [error]}}]",
        "recipe": "{members: 2, hidden: 8, layers: 1, steps: 3}",
        "output": str(output),
    }
    arguments = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    assert script.main([str(YAML), *arguments]) == 0
    card = json.loads(output.with_suffix(".json").read_text())
    assert {"log_macs", "parameters", "error", MASKED} <= set(card["scores"])
    assert "never trained on" in capsys.readouterr().err
    GraphNetwork(SPACE, pretrained=str(output))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("sampels=3", "keys must be among space, .*; got sampels"),
        ("output=", "output must be given"),
        ("recipe={stesp: 3}", "recipe must have keys among members, "),
        ("journals=[nowhere]", "nowhere"),
        ("tables=[{path: x.csv}]", "a table has a path and columns"),
        ("space=cell2001", "Did you mean 'cell201'"),
    ],
)
def test_the_script_says_what_is_wrong(
    script: ModuleType, change: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["--set", "samples=5", "--set", f"output={tmp_path / 'x.safetensors'}", "--set", change]
    assert script.main([str(YAML), *arguments]) == 2
    assert re.search(message, capsys.readouterr().err)
