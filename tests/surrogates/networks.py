"""Small networks for the proxies: one function written in several ways, and some that misbehave."""

import torch
from torch import Tensor, nn
from torch.nn import functional

WAYS = ("module", "module in place", "functional", "function", "method", "method in place")


def _relu(x: Tensor, way: str, module: nn.Module) -> Tensor:
    match way:
        case "functional":
            return functional.relu(x)
        case "function":
            return torch.relu(x)
        case "method":
            return x.relu()
        case "method in place":
            return x.relu_()
    return module(x)


class Convolutional(nn.Module):
    """Convolution, normalisation, ReLU, convolution, ReLU, dropout, linear; ``way`` says how ReLU is written."""

    def __init__(self, way: str = "module", functional_norm: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 6, 3, padding=1, bias=False)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(6, 3)
        self.way = way
        self.functional_norm = functional_norm
        self.module = nn.ReLU(inplace=way == "module in place")

    def relu(self, x: Tensor) -> Tensor:
        return _relu(x, self.way, self.module)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        if self.functional_norm:
            norm = self.norm
            x = functional.batch_norm(x, None, None, norm.weight, norm.bias, training=True, eps=norm.eps)
        else:
            x = self.norm(x)
        x = self.relu(x)
        x = self.relu(self.dropout(self.second(x)))
        return self.head(x.mean(dim=(2, 3)))


class Tokens(nn.Module):
    """Attention and a feed-forward layer on sequences, as Transformers have: each row of the image is a token."""

    def __init__(self, way: str = "module", functional_norm: bool = False) -> None:
        super().__init__()
        self.before = nn.LayerNorm(8)
        self.project, self.merge = nn.Linear(8, 24), nn.Linear(8, 8)
        self.first = nn.Linear(8, 16)
        self.norm = nn.LayerNorm(8)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(16, 3)
        self.way = way
        self.functional_norm = functional_norm
        self.module = nn.ReLU(inplace=way == "module in place")

    def forward(self, x: Tensor) -> Tensor:
        x = x.squeeze(1)
        query, key, value = self.project(self.before(x)).chunk(3, dim=-1)
        x = x + self.merge((query @ key.transpose(1, 2)).softmax(dim=-1) @ value)
        norm = self.norm
        x = functional.layer_norm(x, (8,), norm.weight, norm.bias) if self.functional_norm else norm(x)
        return self.head(self.dropout(_relu(self.first(x), self.way, self.module)).mean(dim=1))


class WithoutNormalisation(nn.Module):
    """Convolutions and ReLU alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(functional.relu(self.first(x))).mean(dim=(2, 3))


class Raising(nn.Module):
    """Fails when it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 2))

    def forward(self, x: Tensor) -> Tensor:
        self.weight.data.add_(1)
        raise RuntimeError("shapes do not fit")


class Cut(nn.Module):
    """Its output does not depend on its input or weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(len(x), 3) * torch.relu(self.layer(x.flatten(1)))


class WithoutReLU(nn.Module):
    """A network with another activation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(functional.hardtanh(functional.gelu(self.first(x.flatten(1)))))


class Pair(nn.Module):
    """Puts out two tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.layer(x.flatten(1))
        return x, torch.relu(x)


def with_nan_weights() -> nn.Module:
    model = Convolutional()
    with torch.no_grad():
        model.second.weight.fill_(float("nan"))
    return model


def overflowing() -> nn.Module:
    model = nn.Sequential(nn.Flatten(), *(nn.Linear(64, 64).double() for _ in range(40)))
    for parameter in model.parameters():
        parameter.data.fill_(1e30)
    return model.double()


MISBEHAVING = {
    "raises": Raising,
    "cut": Cut,
    "without ReLU": WithoutReLU,
    "without normalisation": WithoutNormalisation,
    "puts out a pair": Pair,
    "NaN weights": with_nan_weights,
    "overflows": overflowing,
    "without weights": nn.Flatten,
}


def built(
    seed: int = 0, way: str = "module", functional_norm: bool = False, kind: type[nn.Module] = Convolutional
) -> nn.Module:
    """The same weights for the same seed, however ReLU is written."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind(way, functional_norm)


def batch(count: int = 8, seed: int = 0) -> Tensor:
    return torch.randn((count, 1, 8, 8), generator=torch.Generator().manual_seed(seed))
