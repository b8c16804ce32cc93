"""PyTorch networks of ``transformer``. Sequences are ``(batch, length, dim)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spaces._transformer_form import ROTARY_SHARE, Form
from spaces.architecture import Architecture

_DEVIATION = 0.02  # of initial weights, as in GPT-2


class _Tokens(nn.Module):
    """Token embedding, and learnt positions where there are any: ``(batch, length)`` of ids."""

    def __init__(self, form: Form, dim: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(form.classes, dim)
        self.positions = None if form.rotary else nn.Parameter(torch.empty(form.length, dim))

    def forward(self, tokens: Tensor) -> Tensor:
        x: Tensor = self.embedding(tokens)
        return x if self.positions is None else x + self.positions


class _Patches(nn.Module):
    """Patch embedding, class token and learnt positions: ``(batch, channels, height, width)``."""

    def __init__(self, form: Form, dim: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(form.input_shape[0], dim, form.patch, stride=form.patch)
        self.class_token = nn.Parameter(torch.empty(1, dim))
        self.positions = nn.Parameter(torch.empty(form.length, dim))

    def forward(self, images: Tensor) -> Tensor:
        patches = self.projection(images).flatten(2).transpose(1, 2)
        first = self.class_token.expand(images.shape[0], 1, -1)
        return torch.cat([first, patches], dim=1) + self.positions


class _Attention(nn.Module):
    """``x + attention(norm(x))``. The products are plain matrix products, which torch's counter counts everywhere."""

    past: Tensor
    angles: Tensor

    def __init__(self, form: Form, kind: str, heads: int, dim: int, bias: bool) -> None:
        super().__init__()
        self.kind, self.heads, self.causal = kind, heads, form.causal
        self.size = form.head_size(dim, heads)
        self.shared = 1 if kind == "multi_query" else heads  # heads of keys and values
        self.norm = nn.LayerNorm(dim)
        self.project = nn.Linear(dim, (heads + 2 * self.shared) * self.size, bias=bias)
        self.merge = nn.Linear(heads * self.size, dim, bias=bias)
        if form.causal:
            self.register_buffer("past", torch.ones(form.length, form.length, dtype=torch.bool).tril(), False)
        self.rotated = self.size // ROTARY_SHARE if form.rotary else 0
        if self.rotated:
            rates = 10_000.0 ** -(torch.arange(0, self.rotated, 2) / self.rotated)
            self.register_buffer("angles", torch.arange(form.length)[:, None] * rates, False)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        heads = (self.heads, self.shared, self.shared)
        parts = self.project(self.norm(x)).split([number * self.size for number in heads], dim=-1)
        query, key, value = (
            part.view(batch, length, number, self.size).transpose(1, 2)
            for part, number in zip(parts, heads, strict=True)
        )  # (batch, heads, length, size)
        if self.rotated:
            query, key = self._rotate(query), self._rotate(key)
        mixed = self._linear(query, key, value) if self.kind == "linear" else self._softmax(query, key, value)
        added: Tensor = self.merge(mixed.transpose(1, 2).reshape(batch, length, -1))
        return x + added

    def _softmax(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        scores = torch.matmul(query, key.transpose(-2, -1)) / self.size**0.5
        if self.causal:
            scores = scores.masked_fill(~self.past, float("-inf"))
        return torch.matmul(scores.softmax(dim=-1), value)

    def _linear(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        query, key = functional.elu(query) + 1, functional.elu(key) + 1
        if self.causal:
            weights = torch.matmul(query, key.transpose(-2, -1)) * self.past
            return torch.matmul(weights, value) / weights.sum(dim=-1, keepdim=True)
        total = (query * key.sum(dim=-2, keepdim=True)).sum(dim=-1, keepdim=True)
        return torch.matmul(query, torch.matmul(key.transpose(-2, -1), value)) / total

    def _rotate(self, x: Tensor) -> Tensor:
        turned, kept = x[..., : self.rotated], x[..., self.rotated :]
        left, right = turned.chunk(2, dim=-1)
        cosine, sine = self.angles.cos(), self.angles.sin()
        return torch.cat([left * cosine - right * sine, right * cosine + left * sine, kept], dim=-1)


class _Mlp(nn.Module):
    """``x + mlp(norm(x))``: GELU, or SwiGLU where the form is gated."""

    def __init__(self, form: Form, ratio: float, dim: int, bias: bool) -> None:
        super().__init__()
        hidden = round(ratio * dim)
        self.approximate = "none" if form.patch else "tanh"
        self.norm = nn.LayerNorm(dim)
        self.project = nn.Linear(dim, hidden, bias=bias)
        self.gate = nn.Linear(dim, hidden, bias=bias) if form.gated else None
        self.merge = nn.Linear(hidden, dim, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm(x)
        if self.gate is None:
            hidden = functional.gelu(self.project(inner), approximate=self.approximate)
        else:
            hidden = functional.silu(self.gate(inner)) * self.project(inner)
        added: Tensor = self.merge(hidden)
        return x + added


class _Head(nn.Module):
    """Last normalisation and output layer: the token embedding where they are tied."""

    def __init__(self, form: Form, dim: int) -> None:
        super().__init__()
        self.form = form
        self.norm = nn.LayerNorm(dim)
        self.classifier = None if form.tied else nn.Linear(dim, form.classes, bias=form.name == "vit")

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        if not self.form.every:
            x = x[:, 0] if self.form.patch else x[:, -1]
        x = self.norm(x)
        logits: Tensor = functional.linear(x, embedding) if self.classifier is None else self.classifier(x)
        return logits.transpose(1, 2) if self.form.every else logits


class _Transformer(nn.Module):
    """The chain of the graph's nodes; ``operations[i]`` computes node i."""

    def __init__(self, architecture: Architecture, form: Form) -> None:
        super().__init__()
        settings = dict(architecture.settings)
        dim, bias = int(settings["embed_dim"]), bool(settings["bias"])
        self.operations = nn.ModuleList()
        for node in architecture.nodes:
            given = dict(node.attributes)
            if node.op == "input":
                module: nn.Module = _Patches(form, dim) if form.patch else _Tokens(form, dim)
            elif node.op == "output":
                module = _Head(form, dim)
            elif node.op == "mlp":
                module = _Mlp(form, given["mlp_ratio"], dim, bias)
            elif node.op == "none":
                module = nn.Identity()
            else:
                module = _Attention(form, node.op, int(given["heads"]), dim, bias)
            self.operations.append(module)
        self._initialise(sum(node.op == "mlp" for node in architecture.nodes))

    def forward(self, inputs: Tensor) -> Tensor:
        x = inputs
        for operation in self.operations[:-1]:
            x = operation(x)
        first = self.operations[0]
        embedding = first.embedding.weight if isinstance(first, _Tokens) else None
        logits: Tensor = self.operations[-1](x, embedding)
        return logits

    def _initialise(self, layers: int) -> None:
        """Normal weights, zero biases; what is added to the residual stream is scaled by 1 / sqrt(2 layers)."""
        for name, weight in self.named_parameters():
            if "norm" in name:
                continue
            if name.endswith("bias") or name.endswith("class_token"):
                nn.init.zeros_(weight)
            else:
                nn.init.normal_(weight, std=_DEVIATION / (2 * layers) ** 0.5 if "merge" in name else _DEVIATION)


def network(architecture: Architecture, form: Form) -> nn.Module:
    """The whole network, freshly initialised.

    Args:
        architecture: A chain from ``input`` to ``output``; built as it is.
        form: What stands around the layers.

    Returns:
        ``(batch, *input_shape)`` to logits ``(batch, classes)``, or ``(batch, classes, length)`` where every position
        is predicted, as ``torch.nn.functional.cross_entropy`` takes them.
    """
    return _Transformer(architecture, form)
