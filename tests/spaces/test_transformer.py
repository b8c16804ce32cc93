"""``transformer`` against torch's own layers, recurrences written by hand, brute force, and bad input."""

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor, nn
from torch.nn import functional

import spaces
from spaces import Architecture, Node
from spaces.transformer import Transformer

KINDS = ("multi_head", "multi_query", "linear", "none")
TINY = Transformer(
    embed_dims=[4, 8],
    layers=[1, 2],
    heads=[1, 2],
    mlp_ratios=[1, 2.5],
    attentions=["multi_query", "multi_head", "none"],
    bias=[False, True],
    input_shape=[3],
    classes=5,
)
OPTIONS = [("multi_query", 1), ("multi_query", 2), ("multi_head", 1), ("multi_head", 2), ("none", 0)]


def written(dim: int, layers: Any, bias: int) -> str:
    heads, ratios, kinds = ("-".join(str(layer[part]) for layer in layers) for part in (1, 2, 0))
    return f"embed_dim={dim} heads={heads} mlp_ratio={ratios} attention={kinds} bias={bias}"


def everything() -> list[tuple[int, Any, int]]:
    layer = [(*option, ratio) for option in OPTIONS for ratio in ("1", "2.5")]
    return [
        (dim, layers, bias)
        for dim in (4, 8)
        for bias in (0, 1)
        for depth in (1, 2)
        for layers in itertools.product(layer, repeat=depth)
    ]


def state(space: Transformer, text: str, seed: int = 0) -> tuple[nn.Module, Tensor]:
    """A network in double precision with weights that are not near zero, and examples for it."""
    generator = torch.Generator().manual_seed(seed)
    model = space.build(space.parse(text)).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator, dtype=torch.float64) / 2)
    if space.vocabulary is not None:
        return model, torch.randint(space.vocabulary, (2, *space.input_shape), generator=generator)
    return model, torch.randn((2, *space.input_shape), generator=generator, dtype=torch.float64)


def torchs_layer(attention: Any, mlp: Any, heads: int, activation: Any) -> nn.TransformerEncoderLayer:
    """PyTorch's pre-norm layer with the weights of ours."""
    hidden, dim = mlp.project.weight.shape
    layer = nn.TransformerEncoderLayer(
        dim, heads, hidden, dropout=0.0, activation=activation, batch_first=True, norm_first=True
    ).double()
    pairs = {
        "self_attn.in_proj_": attention.project,
        "self_attn.out_proj.": attention.merge,
        "linear1.": mlp.project,
        "linear2.": mlp.merge,
        "norm1.": attention.norm,
        "norm2.": mlp.norm,
    }
    layer.load_state_dict(
        {f"{name}{key}": value for name, ours in pairs.items() for key, value in ours.state_dict().items()}
    )
    return layer


def tanh_gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)))


def test_a_vit_is_torchs_encoder_with_a_class_token() -> None:
    space = Transformer(
        "vit", embed_dims=8, layers=2, heads=[2, 4], mlp_ratios=2, input_shape=(2, 4, 6), classes=3, patch=2
    )
    model, images = state(space, "embed_dim=8 heads=4-2 mlp_ratio=2-2")
    start, *layers, head = model.operations
    patches = functional.unfold(images, 2, stride=2).transpose(1, 2)  # (batch, 6, channels * 4)
    x = patches @ start.projection.weight.flatten(1).T + start.projection.bias
    x = torch.cat([start.class_token.expand(2, 1, 8), x], dim=1) + start.positions
    for attention, mlp, heads in ((layers[0], layers[1], 4), (layers[2], layers[3], 2)):
        x = torchs_layer(attention, mlp, heads, functional.gelu)(x)
    expected = functional.layer_norm(x[:, 0], (8,), head.norm.weight, head.norm.bias) @ head.classifier.weight.T
    torch.testing.assert_close(model(images), expected + head.classifier.bias, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("predict", ["last", "every"])
def test_a_gpt_is_torchs_masked_encoder_with_a_tied_output(predict: str) -> None:
    space = Transformer(
        embed_dims=8, layers=1, heads=[2, 4], mlp_ratios=1.5, input_shape=(5,), classes=7, predict=predict
    )
    model, tokens = state(space, "embed_dim=8 heads=2 mlp_ratio=1.5")
    start, attention, mlp, head = model.operations
    x = start.embedding.weight[tokens] + start.positions
    mask = torch.full((5, 5), float("-inf"), dtype=torch.float64).triu(1)
    x = torchs_layer(attention, mlp, 2, tanh_gelu)(x, src_mask=mask)
    logits = functional.layer_norm(x, (8,), head.norm.weight, head.norm.bias) @ start.embedding.weight.T
    expected = logits[:, -1] if predict == "last" else logits.transpose(1, 2)
    torch.testing.assert_close(model(tokens), expected, rtol=1e-9, atol=1e-9)
    if predict == "every":
        assert functional.cross_entropy(model(tokens), tokens).isfinite()


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("form", ["gpt", "hwgpt"])
def test_a_token_sees_only_those_before_it(form: str, kind: str) -> None:
    space = Transformer(
        form,
        embed_dims=8,
        layers=2,
        heads=[1, 2],
        mlp_ratios=1,
        attentions=kind,
        bias=True,
        input_shape=(6,),
        classes=7,
        predict="every",
    )
    model, tokens = state(space, "embed_dim=8 heads=2-2 mlp_ratio=1-1")
    later = tokens.clone()
    later[:, 4:] = (tokens[:, 4:] + 1) % 7
    before, after = model(tokens), model(later)
    torch.testing.assert_close(before[:, :, :4], after[:, :, :4], rtol=1e-9, atol=1e-9)
    assert (before[:, :, 4:] - after[:, :, 4:]).abs().min() > 0


def one_attention(form: str, kind: str) -> tuple[Any, Tensor, list[Tensor]]:
    """An attention of 2 heads, an input (1, 5, 8), and its query, key and value (heads, 5, size) by hand."""
    arguments: dict[str, Any] = (
        {"input_shape": (1, 2, 2), "patch": 1} if form == "vit" else {"input_shape": (5,)}
    )  # both give 5 positions
    space = Transformer(
        form, embed_dims=8, layers=1, heads=[1, 2], mlp_ratios=1, attentions=kind, bias=True, classes=7, **arguments
    )
    model, _ = state(space, "embed_dim=8 heads=2 mlp_ratio=1")
    attention = model.operations[1]
    x = torch.randn((1, 5, 8), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    inner = attention.project(attention.norm(x))[0]
    size = attention.size
    shared = 1 if kind == "multi_query" else 2
    parts = inner.split([2 * size, shared * size, shared * size], dim=-1)
    return attention, x, [part.unflatten(1, (-1, size)).transpose(0, 1) for part in parts]


def merged(attention: Any, x: Tensor, mixed: Tensor) -> Tensor:
    return x + attention.merge(mixed.transpose(0, 1).flatten(1))[None]


@pytest.mark.parametrize("form", ["gpt", "vit"])
def test_queries_of_multi_query_share_keys_and_values(form: str) -> None:
    attention, x, (query, key, value) = one_attention(form, "multi_query")
    assert len(query) == 2
    assert len(key) == len(value) == 1
    key, value = key.expand(2, -1, -1), value.expand(2, -1, -1)
    mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=form == "gpt")
    torch.testing.assert_close(attention(x), merged(attention, x, mixed), rtol=1e-9, atol=1e-9)


def test_linear_attention_of_a_decoder_is_the_recurrence() -> None:
    """Katharopoulos et al. 2020, equations 16 to 20."""
    attention, x, (query, key, value) = one_attention("gpt", "linear")
    query, key = functional.elu(query) + 1, functional.elu(key) + 1
    memory = torch.zeros((2, 4, 4), dtype=torch.float64)
    total = torch.zeros((2, 4), dtype=torch.float64)
    rows = []
    for place in range(5):
        memory = memory + key[:, place, :, None] * value[:, place, None, :]
        total = total + key[:, place]
        rows.append((query[:, place, :, None] * memory).sum(1) / (query[:, place] * total).sum(1, keepdim=True))
    torch.testing.assert_close(attention(x), merged(attention, x, torch.stack(rows, 1)), rtol=1e-9, atol=1e-9)


def test_linear_attention_of_an_encoder_is_a_weighted_mean() -> None:
    """Katharopoulos et al. 2020, equation 4 with their similarity."""
    attention, x, (query, key, value) = one_attention("vit", "linear")
    similarity = torch.einsum("hqd,hkd->hqk", functional.elu(query) + 1, functional.elu(key) + 1)
    mixed = torch.einsum("hqk,hkd->hqd", similarity / similarity.sum(-1, keepdim=True), value)
    torch.testing.assert_close(attention(x), merged(attention, x, mixed), rtol=1e-9, atol=1e-9)


def test_rotary_positions_are_complex_rotations() -> None:
    """Su et al. 2021 (RoFormer), equation 13, on 16 of the 64 numbers of a head."""
    attention, x, (query, key, value) = one_attention("hwgpt", "multi_head")
    assert attention.size == 64
    rates = torch.tensor([10_000 ** (-pair / 8) for pair in range(8)], dtype=torch.float64)
    turn = torch.polar(torch.ones((5, 8), dtype=torch.float64), torch.arange(5)[:, None] * rates)

    def rotated(part: Tensor) -> Tensor:
        turned = torch.complex(part[..., :8], part[..., 8:16]) * turn
        return torch.cat([turned.real, turned.imag, part[..., 16:]], dim=-1)

    mixed = functional.scaled_dot_product_attention(rotated(query), rotated(key), value, is_causal=True)
    torch.testing.assert_close(attention(x), merged(attention, x, mixed), rtol=1e-6, atol=1e-6)  # angles are float32


def test_the_mlp_of_hwgpt_is_gated() -> None:
    space = Transformer("hwgpt", embed_dims=8, layers=1, heads=[1, 2], mlp_ratios=1.5, input_shape=(5,), classes=7)
    model, _ = state(space, "embed_dim=8 heads=2 mlp_ratio=1.5 bias=1")
    mlp: Any = model.operations[2]
    x = torch.randn((1, 5, 8), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    inner, gate = mlp.norm(x), mlp.gate(mlp.norm(x))
    expected = x + (gate * gate.sigmoid() * (inner @ mlp.project.weight.T + mlp.project.bias)) @ mlp.merge.weight.T
    torch.testing.assert_close(mlp(x), expected + mlp.merge.bias, rtol=1e-9, atol=1e-9)


def test_size_notations_and_neighbours_by_brute_force() -> None:
    members = everything()
    texts = {written(*member): member for member in members}
    assert TINY.size == len(texts) == len(members) == 440

    def distance(left: tuple[int, Any, int], right: tuple[int, Any, int]) -> int:
        apart = (left[0] != right[0]) + (left[2] != right[2])
        longer, shorter = (left, right) if len(left[1]) >= len(right[1]) else (right, left)
        grown = len(longer[1]) > len(shorter[1])
        for ours, theirs in zip(left[1], right[1], strict=False):
            apart += (ours[:2] != theirs[:2]) + (ours[2] != theirs[2])
        return apart + grown

    def copied(left: tuple[int, Any, int], right: tuple[int, Any, int]) -> bool:
        """A deeper network repeats the last layer of the other."""
        return len(right[1]) <= len(left[1]) or right[1][1] == left[1][0]

    for text in list(texts)[:: 440 // 20]:
        here = texts[text]
        expected = {there for there in members if distance(here, there) == 1 and copied(here, there)}
        found = [texts[TINY.format(neighbour)] for neighbour in TINY.neighbours(TINY.parse(text))]
        assert len(found) == len(set(found))
        assert set(found) == expected


def plain(member: tuple[int, Any, int]) -> tuple[int, Any, int]:
    layers = tuple(("multi_head", *layer[1:]) if layer[:2] == ("multi_query", 1) else layer for layer in member[1])
    return member[0], layers, member[2]


def test_functions_are_notations_but_for_one_shared_head() -> None:
    keys: dict[str, set[Any]] = {}
    for member in everything():
        keys.setdefault(TINY.simplify(TINY.parse(written(*member))).key, set()).add(plain(member))
    assert all(len(functions) == 1 for functions in keys.values())
    assert len(keys) == len({plain(member) for member in everything()}) == 4 * (8 + 8**2)


def test_every_function_is_reached_from_every_other_by_mutations() -> None:
    start = TINY.parse(written(4, [("multi_head", 1, "1")], 0))
    seen, waiting = {TINY.simplify(start).key}, [start]
    while waiting:
        architecture = waiting.pop()
        here = TINY.simplify(architecture).key
        for neighbour in TINY.neighbours(architecture):
            key = TINY.simplify(neighbour).key
            if key != here and key not in seen:
                seen.add(key)
                waiting.append(neighbour)
    assert len(seen) == 4 * (8 + 8**2)


def test_mutations_are_even_over_the_edits_that_change_the_function() -> None:
    parent = TINY.parse(written(4, [("multi_head", 1, "1"), ("none", 0, "2.5")], 0))
    here = TINY.simplify(parent).key
    changing = {TINY.format(near) for near in TINY.neighbours(parent) if TINY.simplify(near).key != here}
    assert len(changing) == 3 + 1 + 4 + 1 + 1 + 1 + 1  # multi_query with one head is what is there
    rng = np.random.default_rng(0)
    drawn = Counter(TINY.format(TINY.mutate(parent, rng)) for _ in range(100 * len(changing)))
    assert set(drawn) == changing
    assert scipy.stats.chisquare(list(drawn.values())).pvalue > 1e-3


def test_samples_are_even_over_depths_and_within_each_over_notations() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(TINY.format(TINY.sample(rng)) for _ in range(20_000))
    assert len(drawn) == 440
    expected = [20_000 / (2 * 40 if text.count("-") == 0 else 2 * 400) for text in drawn]
    assert scipy.stats.chisquare(list(drawn.values()), expected).pvalue > 1e-3


def test_crossover_draws_every_gene_evenly_from_the_two_parents() -> None:
    space, rng = TINY, np.random.default_rng(0)
    left = space.parse(written(4, [("multi_head", 1, "1"), ("multi_head", 2, "1")], 0))
    right = space.parse(written(8, [("none", 0, "2.5"), ("multi_query", 2, "2.5")], 1))
    genes = []
    for _ in range(2000):
        child = space.crossover(left, right, rng)
        nodes = [node in right.nodes for node in child.nodes[1:-1]]
        genes.append([*nodes, child.setting("embed_dim") == 8, child.setting("bias") == 1])
    assert np.abs(np.mean(genes, axis=0) - 0.5).max() < 0.05
    assert np.abs(np.corrcoef(np.array(genes, float).T) - np.eye(6)).max() < 0.1


def test_depth_comes_from_one_parent_and_the_last_layers_from_the_deeper() -> None:
    rng = np.random.default_rng(0)
    left = TINY.parse(written(4, [("multi_head", 1, "1")], 0))
    right = TINY.parse(written(4, [("none", 0, "2.5"), ("multi_query", 2, "2.5")], 0))
    children = [TINY.crossover(left, right, rng) for _ in range(400)]
    deep = [child for child in children if len(child.nodes) == 6]
    assert 0.4 < len(deep) / len(children) < 0.6
    assert {child.nodes[3:] for child in deep} == {right.nodes[3:]}
    assert {child.nodes[1].op for child in deep} == {"none", "multi_head"}


def test_the_graph_is_a_chain_and_simplify_drops_what_does_nothing() -> None:
    graph = TINY.parse(written(8, [("none", 0, "2.5"), ("multi_query", 1, "1")], 1))
    assert graph.nodes == (
        Node("input"),
        Node("none"),
        Node("mlp", (("mlp_ratio", 2.5),)),
        Node("multi_query", (("heads", 1.0),)),
        Node("mlp", (("mlp_ratio", 1.0),)),
        Node("output"),
    )
    assert graph.edges == ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    assert graph.settings == (("bias", 1.0), ("embed_dim", 8.0))
    assert [node.op for node in TINY.simplify(graph).nodes] == ["input", "mlp", "multi_head", "mlp", "output"]


def test_optional_fields_in_any_order() -> None:
    space = spaces.load(
        "transformer", embed_dims=[4, 8], layers=2, heads=2, mlp_ratios=[1, 2], input_shape=[3], classes=5
    )
    text = "embed_dim=8 heads=2-2 mlp_ratio=1-2"
    assert (
        space.format(space.parse(" bias=1  mlp_ratio=1-2\theads=2-2 attention=multi_head-multi_head embed_dim=8\n"))
        == text
    )
    assert space.size == 8


GOOD = written(8, [("none", 0, "2.5"), ("multi_query", 1, "1")], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"position 0 .*expected 'embed_dim='; got the end"),
        ("embed_dim=8 width=4", r"position 12 .*expected one of 'heads=', .*; got 'width=4'"),
        ("embed_dim=8 embed_dim=8", r"position 12 .*expected one of 'heads='"),
        ("embed_dim 8", r"position 0 .*expected one of 'embed_dim='"),
        (GOOD.replace("embed_dim=8", "embed_dim=9"), r"position 10 .*expected one of 4, 8; got '9 heads=0-1"),
        (GOOD.replace("heads=0-1", "heads=0-x"), r"position 20 .*expected one of .*; got 'x "),
        (GOOD.replace("heads=0-1", "heads=0-1-1"), r"position 18 .*expected 1, 2 layers, not 3"),
        (GOOD.replace("2.5-1", "2.5"), r"position 32 .*expected 2 values as for heads, not 1; got '2.5 "),
        (GOOD.replace("2.5-1", "2.5-7"), r"position 36 .*expected one of 1, 2.5; got '7 "),
        (GOOD.replace("none-", "linear-"), r"position 48 .*expected one of multi_query, multi_head, none; got 'linear"),
        (GOOD.replace("heads=0-1", "heads=2-1"), r"position 18 .*expected 0 heads, as layer 0 has attention 'none'"),
        (GOOD.replace("heads=0-1", "heads=0-0"), r"position 20 .*expected more than 0 heads, as layer 1"),
        (GOOD.replace(" bias=1", ""), r"position 64 .*expected 'bias='; got the end"),
        (GOOD.replace("bias=1", "bias=yes"), r"position 70 .*expected one of 0, 1; got 'yes'"),
        (GOOD + " bias=1", r"position 72 .*expected the end; got 'bias=1'"),
    ],
)
def test_notation_that_does_not_parse_says_where(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TINY.parse(text)


MEMBER = TINY.parse(GOOD)


def altered(**changes: Any) -> Architecture:
    return Architecture(
        changes.get("nodes", MEMBER.nodes), changes.get("edges", MEMBER.edges), changes.get("settings", MEMBER.settings)
    )


def replaced(place: int, node: Node) -> Architecture:
    return altered(nodes=(*MEMBER.nodes[:place], node, *MEMBER.nodes[place + 1 :]))


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (TINY.simplify(MEMBER), r"each of 1, 2 layers; got 3 nodes\. .*keep the original"),
        (replaced(0, Node("none")), "first node is 'input' and its last 'output'; got none, none, mlp"),
        (replaced(5, Node("mlp")), "first node is 'input' and its last 'output'"),
        (altered(edges=((0, 1),)), r"is a chain, .*; got \(\(0, 1\),\): residual connections belong"),
        (altered(edges=(*MEMBER.edges[:-1], (3, 5), (4, 5))), "is a chain"),
        (
            replaced(1, Node("conv")),
            r"node 1 must be attention, multi_query, multi_head, none, .*; got 'conv' with \{\}",
        ),
        (replaced(1, Node("none", (("heads", 1.0),))), "node 1 must be attention"),
        (replaced(3, Node("multi_head", (("heads", 3.0),))), r"node 3 must .* with heads of 1, 2, .*'heads': 3.0"),
        (replaced(4, Node("mlp")), r"node 4 must be 'mlp' with mlp_ratio of 1, 2.5; got 'mlp' with \{\}"),
        (altered(settings=()), r"settings must be bias, of 0, 1, and embed_dim, of 4, 8; got \{\}"),
        (altered(settings=(("bias", 1.0), ("embed_dim", 9.0))), "settings must be .*'embed_dim': 9.0"),
    ],
)
def test_graphs_outside_the_space_are_refused(architecture: Architecture, message: str) -> None:
    rng = np.random.default_rng(0)
    for call in (
        lambda: TINY.check(architecture),
        lambda: TINY.mutate(architecture, rng),
        lambda: TINY.crossover(architecture, MEMBER, rng),
        lambda: TINY.neighbours(architecture),
        lambda: TINY.format(architecture),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_graphs_of_other_operations_are_neither_counted_nor_built() -> None:
    foreign, wide = replaced(1, Node("conv")), replaced(1, Node("multi_head", (("heads", 3.0),)))
    with pytest.raises(ValueError, match=r"operation must be one of input, output, mlp, multi_head, .*; got 'conv'"):
        TINY.simplify(foreign)
    for call in (TINY.cost, TINY.build):
        with pytest.raises(ValueError, match=r"a node must be one of input, output, multi_query, .*; got 'conv'"):
            call(foreign)
        with pytest.raises(ValueError, match=r"with heads of 1, 2 .*; got 'multi_head' with \{'heads': 3.0\}"):
            call(wide)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"form": "bert"}, "form must be one of gpt, hwgpt, vit; got 'bert'"),
        ({"embed_dims": 0}, "embed_dims must be a whole number of at least 1; got 0"),
        ({"embed_dims": "192"}, "embed_dims must be a whole number of at least 1; got '192'"),
        ({"embed_dims": []}, r"embed_dims must be one or more different values; got \[\]"),
        ({"layers": [2, 2]}, r"layers must be one or more different values; got \[2, 2\]"),
        ({"layers": {"low": 1}}, "layers must be a value or a list of values; got {'low': 1}"),
        ({"heads": [5]}, "must be a multiple of every number of heads; got 192 and 5: change one"),
        ({"mlp_ratios": [0.3]}, r"must be a whole number; got 0.3 \* 192: change one"),
        ({"mlp_ratios": 0}, "mlp_ratios must be positive numbers; got 0"),
        ({"mlp_ratios": [True]}, "mlp_ratios must be positive numbers; got True"),
        ({"mlp_ratios": float("nan")}, "mlp_ratios must be positive numbers; got nan"),
        ({"attentions": ["softmax"]}, "attentions must be among multi_head, .*; got 'softmax'"),
        ({"attentions": "none"}, "must hold one that attends: .*; got only 'none'"),
        ({"bias": 1}, "bias must be true, false, or a list of both; got 1"),
        ({"input_shape": (3, 8, 8)}, r"of form 'gpt' must be \(tokens,\); got \(3, 8, 8\): take form='vit' for images"),
        ({"form": "vit", "input_shape": [9]}, r"must be \(channels, height, width\); got \(9,\): take form='gpt' or"),
        ({"form": "vit", "input_shape": [1, 8, 8]}, "multiples of the patch of 16 pixels; got 8x8: choose another"),
        ({"input_shape": 8}, "input_shape must be a list; got 8"),
        ({"input_shape": [0]}, "input_shape must be a whole number of at least 1; got 0"),
        ({"classes": 2.5}, "classes must be a whole number of at least 1; got 2.5"),
        ({"form": "vit", "patch": 0}, "patch must be a whole number of at least 1; got 0"),
        ({"patch": 4}, "takes tokens and has no patches; got patch=4: leave patch out"),
        ({"predict": "all"}, "predict must be 'last' or 'every'; got 'all'"),
        ({"form": "vit", "predict": "every"}, "a vit predicts one class an image; .*leave predict out"),
        (
            {"embed_dims": 8, "layers": 1, "heads": 1, "mlp_ratios": 1, "attentions": ["multi_head", "multi_query"]},
            "at least two different networks; .*: add choices",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spaces.load("transformer", **arguments)
