"""A traced network as Python source that needs torch and nothing else."""

from __future__ import annotations

import inspect
import keyword
import math
import re
from collections import Counter
from typing import Any

import torch
from torch import Tensor, fx, nn

from evonas.exporters.exporter import ExportError

_SKIPPED = frozenset({"self", "device", "dtype", "_weight", "_freeze", "args", "kwargs"})
_UNSAID = object()
_KNOWN_NAMES = {"torch": "", "math": "import math", "inf": "from math import inf", "nan": "from math import nan"}


def source_of(network: fx.GraphModule, title: str) -> tuple[str, dict[str, Tensor]]:
    """The source of a class ``Network`` and its weights by their new names.

    Args:
        network: As ``traced`` gives it.
        title: One line for the module's docstring.

    Raises:
        ExportError: A layer that is not torch's, or that cannot be made anew from its attributes.
    """
    graph = fx.Graph()
    graph.output(graph.graph_copy(network.graph, {}))
    numbers: Counter[str] = Counter()
    names: dict[str, str] = {}
    lines: list[str] = []
    weights: dict[str, Tensor] = {}
    for node in graph.nodes:
        node.type = None  # annotations of the network's own code
        if node.op not in ("call_module", "get_attr"):
            continue
        path = str(node.target)
        if path not in names:
            value = _at(network, path)
            stem = _snake(type(value).__name__) if node.op == "call_module" else _snake(path.rpartition(".")[2])
            numbers[stem] += 1
            names[path] = f"{stem}_{numbers[stem]}"
            lines.append(f"self.{names[path]} = {_layer(value) if node.op == 'call_module' else _held(value)}")
            held = value.state_dict() if isinstance(value, nn.Module) else {"": value.detach()}
            weights.update({f"{names[path]}.{name}".rstrip("."): tensor for name, tensor in held.items()})
        node.target = names[path]
    code = graph.python_code("self")
    return _written(title, lines, code, _imports(code)), weights


def _written(title: str, lines: list[str], code: Any, imports: list[str]) -> str:
    body = re.sub(r";\s+(\w+ = )+None", "", code.src).strip()  # fx frees what is not read again
    body = body.replace("torch._C._nn.", "nn.functional.")
    forward = "\n".join(f"    {line}".rstrip() for line in body.splitlines())
    layers = "\n".join(f"        {line}" for line in lines)
    return (
        f'"""{title}"""\n\n' + "\n".join([*imports, "import torch", "from torch import nn"]) + "\n\n\n"
        "class Network(nn.Module):\n"
        "    def __init__(self):\n"
        f"        super().__init__()\n{layers}\n\n{forward}\n"
    )


def _imports(code: Any) -> list[str]:
    """Lines for the names that the source uses beside torch."""
    found = []
    for name, value in code.globals.items():
        if re.search(rf"\b{re.escape(name)}\b", code.src) is None:
            continue
        if name in _KNOWN_NAMES:
            found.append(_KNOWN_NAMES[name])
        elif getattr(value, "__module__", "").startswith(("_operator", "operator")):
            found.append(f"from operator import {value.__name__} as {name}")
        elif value is torch.device:
            found.append("from torch import device")
        else:
            raise ExportError(f"torch: the network calls {value!r}, which is not part of torch; write it as a layer")
    return sorted(line for line in found if line)


def _layer(module: Any) -> str:
    """The call that makes the layer anew, with the arguments that differ from their defaults."""
    kind = type(module)
    if getattr(nn, kind.__name__, None) is not kind:
        raise ExportError(f"torch: layer {kind.__module__}.{kind.__name__} is not one of torch.nn")
    given = []
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name in _SKIPPED:
            continue
        value = getattr(module, name, _UNSAID)
        if value is _UNSAID:
            if parameter.default is inspect.Parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                raise ExportError(f"torch: layer {kind.__name__} does not say what its {name!r} was")
            continue
        if isinstance(value, Tensor) or (value is None and isinstance(parameter.default, bool)):
            value = value is not None
        if value != parameter.default:
            given.append(f"{name}={_literal(value)}")
    return f"nn.{kind.__name__}({', '.join(given)})"


def _held(value: Tensor) -> str:
    shape = f"torch.empty({tuple(value.shape)}, dtype={value.dtype})"
    if isinstance(value, nn.Parameter):
        return f"nn.Parameter({shape})"
    return f"nn.Buffer({shape})"


def _literal(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _snake(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def _at(root: Any, path: str) -> Any:
    for name in path.split("."):
        root = getattr(root, name)
    return root
