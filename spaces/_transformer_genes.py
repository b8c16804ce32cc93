"""Genes of ``transformer`` and the chains they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from spaces._transformer_form import KINDS
from spaces.architecture import Architecture, Node

Attention = tuple[str, int]  # kind and heads; ("none", 0)
Layer = tuple[Attention, float]  # attention and MLP ratio
Genes = tuple[int, bool, tuple[Layer, ...]]  # embedding size, bias, layers

Choice = TypeVar("Choice")

_INPUT, _OUTPUT = Node("input"), Node("output")
_OPS = ("input", "output", "mlp", *KINDS)


@dataclass(frozen=True, slots=True)
class Choices:
    """What each gene may be, and the edits of one of them.

    Attributes:
        embed_dims: Embedding sizes.
        bias: Whether linear layers have one.
        attentions: Attention of a layer.
        mlp_ratios: MLP ratios of a layer.
        layers: Numbers of layers.
    """

    embed_dims: tuple[int, ...]
    bias: tuple[bool, ...]
    attentions: tuple[Attention, ...]
    mlp_ratios: tuple[float, ...]
    layers: tuple[int, ...]

    def check(self) -> None:
        """Passes where there are two different networks.

        Raises:
            ValueError: There is but one.
        """
        layer = len({own_keys(option) for option in self.attentions}) * len(self.mlp_ratios)
        if layer * len(self.embed_dims) * len(self.bias) * len(self.layers) < 2:
            raise ValueError("a space holds at least two different networks; got one value for everything: add choices")

    def edits(self, genes: Genes) -> int:
        """How many neighbours there are."""
        per_layer = len(self.attentions) + len(self.mlp_ratios) - 2
        return len(genes[2]) * per_layer + len(self.embed_dims) + len(self.bias) + len(self.layers) - 3

    def edited(self, genes: Genes, edit: int) -> Genes:
        """The ``edit``-th neighbour: those of the first layer, … of the last, then size, bias and depth."""
        dim, bias, layers = genes
        per_layer = len(self.attentions) + len(self.mlp_ratios) - 2
        if edit < len(layers) * per_layer:
            place, choice = divmod(edit, per_layer)
            attention, ratio = layers[place]
            if choice < len(self.attentions) - 1:
                attention = _other(self.attentions, attention, choice)
            else:
                ratio = _other(self.mlp_ratios, ratio, choice - len(self.attentions) + 1)
            return dim, bias, (*layers[:place], (attention, ratio), *layers[place + 1 :])
        edit -= len(layers) * per_layer
        if edit < len(self.embed_dims) - 1:
            return _other(self.embed_dims, dim, edit), bias, layers
        edit -= len(self.embed_dims) - 1
        if edit < len(self.bias) - 1:
            return dim, _other(self.bias, bias, edit), layers
        depth = _other(self.layers, len(layers), edit - len(self.bias) + 1)
        return dim, bias, layers[:depth] + layers[-1:] * (depth - len(layers))


def options(kind: str, heads: Sequence[int]) -> list[Attention]:
    """What a layer may have of one kind of attention."""
    return [("none", 0)] if kind == "none" else [(kind, number) for number in heads]


def function(genes: Genes) -> Genes:
    """Equal for genes of the same function: with one head, shared keys and values are like a head's own."""
    dim, bias, layers = genes
    return dim, bias, tuple([(own_keys(attention), ratio) for attention, ratio in layers])


def own_keys(attention: Attention) -> Attention:
    """The kind's plainest name: ``multi_head`` for ``multi_query`` with one head."""
    return ("multi_head", 1) if attention == ("multi_query", 1) else attention


def graph(genes: Genes) -> Architecture:
    """The chain of ``input``, attention and ``mlp`` of each layer, ``output``."""
    dim, bias, layers = genes
    nodes = [_INPUT]
    for attention, ratio in layers:
        nodes += (attention_node(attention), mlp_node(ratio))
    nodes.append(_OUTPUT)
    return Architecture(tuple(nodes), chain(len(nodes)), (("bias", float(bias)), ("embed_dim", float(dim))))


@lru_cache(maxsize=1 << 14)
def simplified(architecture: Architecture) -> Architecture:
    """Without ``none``, and with the plainest name of each attention; other attributes stay with their nodes.

    Raises:
        ValueError: An operation is no transformer's.
    """
    for node in architecture.nodes:
        if node.op not in _OPS:
            raise ValueError(f"a node's operation must be one of {', '.join(_OPS)}; got {node.op!r}")
    nodes = tuple([_plain(node) for node in architecture.nodes if node.op != "none"])
    simple = Architecture(nodes, chain(len(nodes)), architecture.settings)
    return architecture if simple == architecture else simple


@lru_cache(maxsize=1024)
def chain(n: int) -> tuple[tuple[int, int], ...]:
    """The edges of a chain of n nodes."""
    return tuple((node, node + 1) for node in range(n - 1))


@lru_cache(maxsize=1024)
def attention_node(attention: Attention) -> Node:
    """The node of one attention gene."""
    kind, heads = attention
    return Node(kind) if kind == "none" else Node(kind, (("heads", float(heads)),))


@lru_cache(maxsize=1024)
def mlp_node(ratio: float) -> Node:
    """The node of one MLP ratio."""
    return Node("mlp", (("mlp_ratio", ratio),))


def check_chain(architecture: Architecture) -> None:
    """Passes where the graph is a chain from ``input`` to ``output``.

    Raises:
        ValueError: It is not.
    """
    nodes = architecture.nodes
    if len(nodes) < 2 or nodes[0].op != "input" or nodes[-1].op != "output":
        raise ValueError(
            f"a transformer's first node is 'input' and its last 'output'; got {', '.join(node.op for node in nodes)}"
        )
    if architecture.edges != chain(len(nodes)):
        raise ValueError(
            f"a transformer is a chain, each node with the one before it as its input; got {architecture.edges}: "
            "residual connections belong to the operations"
        )


def _plain(node: Node) -> Node:
    if node.op == "multi_query" and ("heads", 1.0) in node.attributes:
        return Node("multi_head", node.attributes)
    return node


def _other(choices: tuple[Choice, ...], current: Choice, number: int) -> Choice:
    """The ``number``-th choice that is not the current one."""
    return choices[number if number < choices.index(current) else number + 1]
