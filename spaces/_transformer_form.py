"""What stands around the layers of ``transformer``, and what each part costs. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

FORMS = ("gpt", "hwgpt", "vit")
KINDS = ("multi_head", "multi_query", "linear", "none")
PREDICTS = ("last", "every")

DEFAULTS: dict[str, dict[str, tuple[float, ...]]] = {
    "gpt": {"heads": (4, 8, 12), "bias": (True,)},
    "hwgpt": {"heads": (4, 8, 12), "bias": (False, True)},
    "vit": {"heads": (3, 6, 12), "bias": (True,)},
}
"""Choices where the forms differ; embedding sizes, layers and MLP ratios are HW-GPT-Bench's in all of them."""

HEAD_SIZES: dict[str, int | None] = {"gpt": None, "hwgpt": 64, "vit": None}
"""Width of one attention head; None shares the embedding size among the heads."""

ROTARY_SHARE = 4
"""``hwgpt`` rotates one number in four of each head (rotary_percentage 0.25 in the benchmark's configuration)."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fixed part of the network, and the cost of every part.

    Attributes:
        name: One of ``FORMS``.
        input_shape: ``(tokens,)`` for gpt and hwgpt, ``(channels, height, width)`` for vit.
        classes: Width of the output; of gpt and hwgpt the vocabulary, too.
        patch: Height and width of a patch in pixels; 0 for token inputs.
        every: Whether each position is predicted (gpt and hwgpt alone).
    """

    name: str
    input_shape: tuple[int, ...]
    classes: int
    patch: int
    every: bool

    @property
    def causal(self) -> bool:
        """Whether a position sees only itself and those before it."""
        return self.name != "vit"

    @property
    def rotary(self) -> bool:
        """Whether queries and keys are rotated by their position; else positions are learnt and added."""
        return self.name == "hwgpt"

    @property
    def tied(self) -> bool:
        """Whether the output layer has the token embedding's weights."""
        return self.name == "gpt"

    @property
    def gated(self) -> bool:
        """Whether the MLP multiplies two hidden layers (SwiGLU) in place of one with GELU."""
        return self.name == "hwgpt"

    @property
    def patches(self) -> int:
        """Patches of an image; 0 for token inputs."""
        return 0 if not self.patch else (self.input_shape[1] // self.patch) * (self.input_shape[2] // self.patch)

    @property
    def length(self) -> int:
        """Positions in the sequence that the layers see; the class token is one."""
        return self.patches + 1 if self.patch else self.input_shape[0]

    def head_size(self, dim: int, heads: int) -> int:
        """Width of one attention head."""
        return HEAD_SIZES[self.name] or dim // heads

    def ends(self, dim: int) -> tuple[int, int]:
        """Parameters and multiply-accumulates of embedding, last normalisation and output layer."""
        if self.patch:
            pixels = self.input_shape[0] * self.patch**2
            parameters = (pixels + 1) * dim + dim + self.length * dim + 2 * dim + (dim + 1) * self.classes
            return parameters, self.patches * pixels * dim + dim * self.classes
        tables = self.classes * (1 if self.tied else 2) + (0 if self.rotary else self.length)
        return tables * dim + 2 * dim, (self.length if self.every else 1) * dim * self.classes

    def attention(self, kind: str, heads: int, dim: int, bias: bool) -> tuple[int, int]:
        """Parameters and multiply-accumulates of one attention layer with its normalisation."""
        if kind == "none":
            return 0, 0
        size = self.head_size(dim, heads)
        width = heads * size
        projected = width + 2 * (size if kind == "multi_query" else width)
        weights = dim * projected + width * dim
        if kind == "linear" and not self.causal:
            products = 2 * self.length * size * width
        else:
            products = 2 * self.length**2 * width
        return weights + bias * (projected + dim) + 2 * dim, self.length * weights + products

    def mlp(self, ratio: float, dim: int, bias: bool) -> tuple[int, int]:
        """Parameters and multiply-accumulates of one MLP with its normalisation."""
        hidden = round(ratio * dim)
        layers = 2 if self.gated else 1
        weights = (layers + 1) * hidden * dim
        return weights + bias * (layers * hidden + dim) + 2 * dim, self.length * weights
