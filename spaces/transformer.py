"""Heterogeneous Transformers: decoders after GPT-2 and HW-GPT-Bench, encoders after ViT, each layer with its own genes.

The graph is a chain, ``input``, then an attention and an ``mlp`` for each layer, then ``output``. Residual connections
belong to the operations: an attention or ``mlp`` node computes ``x + f(LayerNorm(x))`` of its one input (pre-norm,
Radford et al. 2019), so the chain says everything.

    op            attributes  what it adds to its input
    multi_head    heads       softmax attention (Vaswani et al., NeurIPS 2017)
    multi_query   heads       the same with one head of keys and values (Shazeer 2019, arXiv:1911.02150)
    linear        heads       attention with the feature map elu(x) + 1 (Katharopoulos et al., ICML 2020, eq. 7)
    none          -           nothing
    mlp           mlp_ratio   linear layer, GELU, linear layer; hidden width = ratio * embedding size

Multiply-accumulates are those of linear layers, of the patch convolution and of the products of attention: scores and
values, each ``length**2 * width``, masked or not. A linear encoder takes ``length * head size * width`` for each of its
two products; a linear decoder is computed in its masked quadratic form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from spaces._transformer_arguments import biases, check_heads, form_of, kinds, ratios, wholes
from spaces._transformer_form import DEFAULTS
from spaces._transformer_genes import (
    Choices,
    Genes,
    attention_node,
    check_chain,
    function,
    graph,
    mlp_node,
    options,
    own_keys,
)
from spaces._transformer_genes import simplified as simplified_chain
from spaces._transformer_notation import check_none, chosen, fault, fields, shown
from spaces.architecture import Architecture, Node
from spaces.space import Cost, Space

if TYPE_CHECKING:
    from torch import nn


class Transformer(Space):
    """Transformers whose layers differ: heads, kind of attention and MLP ratio of each, embedding size, depth, bias.

    Three forms stand around the layers:

    - ``gpt``: GPT-2. Causal; tokens in, logits over the vocabulary out; learnt positions; the output layer is the token
      embedding. With 12 layers, size 768, 12 heads and ratio 4 it has GPT-2's 124,439,808 parameters.
    - ``hwgpt``: the networks behind the table of HW-GPT-Bench (Sukthanker et al., NeurIPS 2024), by the rule that its
      published counts follow: 50,254 tokens; an output layer of its own, without bias; rotary positions; heads of width
      64 whatever the embedding size; a gated MLP of three matrices; ``bias`` speaks of all linear layers but the last,
      and normalisations always have theirs. ``parameters`` is the table's ``params`` in every row; the table's ``macs``
      are those of the linear layers, with ``predict="every"``, for a batch of 8 sequences, without attention's
      products. Neither shows whether a layer's two parts are parallel; here one follows the other.
    - ``vit``: ViT (Dosovitskiy et al., ICLR 2021). Image patches, class token, learnt positions. ViT-B/16 with 1,000
      classes has 86,567,656 parameters.

    The notation is ``embed_dim=768 heads=12-8 mlp_ratio=4-3``, one number a layer, with ``attention=multi_head-linear``
    where there are several kinds and ``bias=1`` where it is a gene; a layer without attention has 0 heads. The columns
    of HW-GPT-Bench's table, written so, are its architectures: ``embed_dim=… heads=… mlp_ratio=… bias=…``.
    """

    def __init__(
        self,
        form: str = "gpt",
        embed_dims: Sequence[int] | int = (192, 384, 768),
        layers: Sequence[int] | int = (10, 11, 12),
        heads: Sequence[int] | int | None = None,
        mlp_ratios: Sequence[float] | float = (2, 3, 4),
        attentions: Sequence[str] | str = ("multi_head",),
        bias: Sequence[bool] | bool | None = None,
        input_shape: Sequence[int] | None = None,
        classes: int | None = None,
        patch: int | None = None,
        predict: str = "last",
    ) -> None:
        """Chooses what is searched and what stands around it; every list may be a single value.

        Args:
            form: ``"gpt"``, ``"hwgpt"`` or ``"vit"``.
            embed_dims: Embedding sizes to choose from.
            layers: Numbers of layers to choose from.
            heads: Numbers of attention heads of a layer; default 4, 8, 12, or 3, 6, 12 for vit.
            mlp_ratios: Hidden width of a layer's MLP over the embedding size.
            attentions: Kinds of attention of a layer: ``multi_head``, ``multi_query``, ``linear``, ``none``.
            bias: Whether linear layers have one; default yes, and both for hwgpt.
            input_shape: ``(tokens,)``, default 1,024, or for vit ``(channels, height, width)``, default 3x224x224.
            classes: Width of the output: the vocabulary for gpt (50,257) and hwgpt (50,254), 1,000 for vit.
            patch: Height and width of vit's patches in pixels, default 16.
            predict: ``"last"``: the token that follows the sequence, ``(batch, classes)``. ``"every"``: the one that
                follows each position, ``(batch, classes, tokens)``, as cross entropy takes them; gpt and hwgpt alone.

        Raises:
            ValueError: An argument breaks a rule; the message says the rule, the value and the remedy.
        """
        self._form = form_of(form, input_shape, classes, patch, predict)
        self.embed_dims = wholes(embed_dims, "embed_dims")
        self.layers = wholes(layers, "layers")
        self.heads = wholes(DEFAULTS[form]["heads"] if heads is None else heads, "heads")
        self.mlp_ratios = ratios(mlp_ratios, self.embed_dims)
        self.attentions = kinds(attentions)
        self.bias = biases(DEFAULTS[form]["bias"] if bias is None else bias)
        check_heads(form, self.embed_dims, self.heads)
        self._attentions = tuple(option for kind in self.attentions for option in options(kind, self.heads))
        per_layer = len(self._attentions) * len(self.mlp_ratios)
        self.size: int = sum(per_layer**n for n in self.layers) * len(self.embed_dims) * len(self.bias)
        self._choices = Choices(self.embed_dims, self.bias, self._attentions, self.mlp_ratios, self.layers)
        self._choices.check()
        self.ops = ("input", "output", *self.attentions, "mlp")
        self.attributes = ("heads", "mlp_ratio")
        self.input_shape = self._form.input_shape
        self.classes = self._form.classes
        self.vocabulary = None if self._form.patch else self.classes
        self._attention_of = {attention_node(option): option for option in self._attentions}
        self._ratio_of = {mlp_node(ratio): ratio for ratio in self.mlp_ratios}
        self._costs = {(dim, bias): self._table(dim, bias) for dim in self.embed_dims for bias in self.bias}

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Every gene drawn evenly and independently of the others, the number of layers too (as HW-GPT-Bench does).

        So shallow networks are as frequent as deep ones, though there are fewer of them.
        """
        depth = self.layers[int(rng.random() * len(self.layers))]
        draws = rng.random(2 * depth + 2).tolist()
        options, sizes = self._attentions, self.mlp_ratios
        layers = tuple(
            [
                (options[int(first * len(options))], sizes[int(second * len(sizes))])
                for first, second in zip(draws[:depth], draws[depth:-2], strict=True)
            ]
        )
        dim = self.embed_dims[int(draws[-2] * len(self.embed_dims))]
        return graph((dim, self.bias[int(draws[-1] * len(self.bias))], layers))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """One edit, even over those of ``neighbours`` that change the function.

        All of them do, but for one head of queries that trades its own keys and values for shared ones.
        """
        genes = self._genes(architecture)
        identity = function(genes)
        edits = self._choices.edits(genes)
        while True:
            child = self._choices.edited(genes, int(rng.random() * edits))
            if function(child) != identity:
                return graph(child)

    def crossover(self, left: Architecture, right: Architecture, rng: np.random.Generator) -> Architecture:
        """Embedding size, bias, depth, and each layer's attention and MLP ratio, from either parent with equal chance.

        Where the depth is the deeper parent's, its last layers are the child's.
        """
        ours, theirs = self._genes(left), self._genes(right)
        dim_coin, bias_coin, depth_coin = (rng.random(3) < 0.5).tolist()
        depth = len((ours if depth_coin else theirs)[2])
        coins = (rng.random(2 * depth) < 0.5).tolist()
        layers = []
        for place in range(depth):
            parents = [genes[2][place] for genes in (ours, theirs) if place < len(genes[2])]
            attention = parents[0 if coins[2 * place] else -1][0]
            layers.append((attention, parents[0 if coins[2 * place + 1] else -1][1]))
        return graph(((ours if dim_coin else theirs)[0], (ours if bias_coin else theirs)[1], tuple(layers)))

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """All members that differ in one gene.

        A gene is one layer's attention (kind and heads), one layer's MLP ratio, the embedding size, bias, or the number
        of layers: fewer keep the first ones, more repeat the last one.
        """
        genes = self._genes(architecture)
        return (graph(self._choices.edited(genes, edit)) for edit in range(self._choices.edits(genes)))

    def check(self, architecture: Architecture) -> None:
        """Passes where the graph is a chain as ``sample`` and ``parse`` give it, ``none`` included."""
        self._genes(architecture)

    def simplify(self, architecture: Architecture) -> Architecture:
        """Without ``none``; and one head of queries with shared keys and values is one head like any other.

        Attributes that the space does not know stay with their nodes.
        """
        check_chain(architecture)
        return simplified_chain(architecture)

    def cost(self, architecture: Architecture) -> Cost:
        """Exact cost of the graph as it is. Linear layers, the patch convolution and attention's products count."""
        check_chain(architecture)
        parts = self._costs[self._settings(architecture)]
        parameters = macs = 0
        for node in architecture.nodes:
            if node not in parts:
                raise ValueError(
                    f"a node must be one of {', '.join(self.ops)}, with heads of {shown(self.heads)} and mlp_ratio of "
                    f"{shown(self.mlp_ratios)}; got {node.op!r} with {dict(node.attributes)}"
                )
            part = parts[node]
            parameters += part[0]
            macs += part[1]
        return Cost(parameters, macs)

    def build(self, architecture: Architecture) -> nn.Module:
        """The network of the graph as it is, initialised as GPT-2 (deviation 0.02, residual parts scaled by depth).

        ``operations[i]`` of the network computes node i.
        """
        from spaces._transformer_network import network  # torch takes a second to import

        self.cost(architecture)  # says what does not belong here
        return network(architecture, self._form)

    def parse(self, text: str) -> Architecture:
        """Reads ``embed_dim=768 heads=12-8 mlp_ratio=4-3`` with ``attention=…`` and ``bias=…`` where they are genes."""
        genes = [*["attention"] * (len(self.attentions) > 1), *["bias"] * (len(self.bias) > 1)]
        required = ["embed_dim", "heads", "mlp_ratio", *genes]
        found = fields(text, required, [name for name in ("attention", "bias") if name not in genes])
        depth = len(found["heads"][1])
        if depth not in self.layers:
            raise fault(text, found["heads"][0], f"{shown(self.layers)} layers, not {depth}")
        found.setdefault("attention", (0, self.attentions[:1] * depth))
        found.setdefault("bias", (0, (f"{self.bias[0]:d}",)))
        for name in ("mlp_ratio", "attention"):
            if len(found[name][1]) != depth:
                raise fault(text, found[name][0], f"{depth} values as for heads, not {len(found[name][1])}")
        dim = chosen(text, found["embed_dim"], {str(value): value for value in self.embed_dims})[0]
        bias = chosen(text, found["bias"], {f"{value:d}": value for value in self.bias})[0]
        kinds_found = chosen(text, found["attention"], {kind: kind for kind in self.attentions})
        heads = chosen(text, found["heads"], {str(number): number for _, number in self._attentions})
        ratios_found = chosen(text, found["mlp_ratio"], {f"{value:g}": value for value in self.mlp_ratios})
        check_none(text, found["heads"], kinds_found, heads)
        return graph((dim, bias, tuple(zip(zip(kinds_found, heads, strict=True), ratios_found, strict=True))))

    def format(self, architecture: Architecture) -> str:
        """Writes the fields in one order, ``attention`` and ``bias`` only where they are genes."""
        dim, bias, layers = self._genes(architecture)
        heads = "-".join([str(attention[1]) for attention, _ in layers])
        text = f"embed_dim={dim} heads={heads} mlp_ratio={'-'.join([f'{ratio:g}' for _, ratio in layers])}"
        if len(self.attentions) > 1:
            text += f" attention={'-'.join([attention[0] for attention, _ in layers])}"
        return f"{text} bias={int(bias)}" if len(self.bias) > 1 else text

    def _genes(self, architecture: Architecture) -> Genes:
        """The genes of a member.

        Raises:
            ValueError: It is none.
        """
        check_chain(architecture)
        dim, bias = self._settings(architecture)
        nodes = architecture.nodes[1:-1]
        if len(nodes) % 2 or len(nodes) // 2 not in self.layers:
            raise ValueError(
                f"between input and output stand an attention and an mlp for each of {shown(self.layers)} layers; got "
                f"{len(nodes)} nodes. Graphs that simplify has shortened are no members: keep the original"
            )
        layers = []
        for place in range(0, len(nodes), 2):
            attention, ratio = self._attention_of.get(nodes[place]), self._ratio_of.get(nodes[place + 1])
            if attention is None:
                raise ValueError(
                    f"node {place + 1} must be attention, {shown(self.attentions)}, with heads of {shown(self.heads)}, "
                    f"none without; got {_described(nodes[place])}"
                )
            if ratio is None:
                raise ValueError(
                    f"node {place + 2} must be 'mlp' with mlp_ratio of {shown(self.mlp_ratios)}; "
                    f"got {_described(nodes[place + 1])}"
                )
            layers.append((attention, ratio))
        return dim, bias, tuple(layers)

    def _settings(self, architecture: Architecture) -> tuple[int, bool]:
        """Embedding size and bias."""
        names = tuple([name for name, _ in architecture.settings])
        values = tuple([value for _, value in architecture.settings])
        if names != ("bias", "embed_dim") or values[::-1] not in self._costs:
            raise ValueError(
                f"settings must be bias, of {shown([int(bias) for bias in self.bias])}, and embed_dim, of "
                f"{shown(self.embed_dims)}; got {dict(architecture.settings)}"
            )
        return int(values[1]), bool(values[0])

    def _table(self, dim: int, bias: bool) -> dict[Node, tuple[int, int]]:
        """Parameters and multiply-accumulates of every node there may be; the ends are the output's."""
        form = self._form
        table = {Node("input"): (0, 0), Node("output"): form.ends(dim)}
        for kind, heads in {*self._attentions, *map(own_keys, self._attentions)}:
            table[attention_node((kind, heads))] = form.attention(kind, heads, dim, bias)
        for ratio in self.mlp_ratios:
            table[mlp_node(ratio)] = form.mlp(ratio, dim, bias)
        return table


def _described(node: Node) -> str:
    return f"{node.op!r} with {dict(node.attributes)}"
