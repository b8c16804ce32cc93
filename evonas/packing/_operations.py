"""A network as a graph of operations, each with what tells whether it may run together with others."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from evonas.core.failure import is_out_of_memory
from evonas.packing.unpackable import Unpackable

# These treat every channel, or every number, alike: on candidates side by side they do what they do on each.
CHANNELWISE_MODULES = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Hardswish, nn.Hardsigmoid),
    *(nn.AvgPool2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d),
)
CHANNELWISE_FUNCTIONS = (
    *(operator.add, operator.sub, operator.mul, torch.add, torch.mul, torch.zeros_like, torch.relu),
    *(functional.relu, functional.gelu, functional.silu, functional.interpolate),
)
SUM = "sum"
_IN_PLACE = {operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.setitem}


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of one candidate's network.

    Attributes:
        candidate: Number of the candidate.
        node: Its node in the traced graph; names target and arguments.
        inputs: The operations whose results it takes, in the order of the node's arguments.
        module: The module that it calls, if it calls one.
        kind: Operations of equal kind compute the same on tensors of the same shapes, but for their weights, and run as
            one; None where it runs alone.
        part: Path of the layer of the skeleton that it belongs to: the module's down to its first number.
    """

    candidate: int
    node: fx.Node
    inputs: tuple[Operation, ...]
    module: nn.Module | None
    kind: Hashable | None
    part: str


def operations_of(model: nn.Module, candidate: int, example: Tensor) -> list[Operation]:
    """The operations of a network, in an order in which they can run; the last one's result is the network's.

    Args:
        model: Left as it is.
        candidate: Number to write on the operations.
        example: Inputs ``(2, *input_shape)``, to learn the shapes from.

    Raises:
        Unpackable: The network's course depends on its inputs, or an operation draws random numbers or works in place.
    """
    with _buffers_kept(model):
        graph = _traced(model)
        try:
            values, graded = _values(graph, model, example)
        except Exception as error:
            if isinstance(error, Unpackable) or is_out_of_memory(error):
                raise
            raise Unpackable(f"its forward pass fails ({type(error).__name__}: {error})") from error
    modules = dict(model.named_modules())
    shared = _shared_parameters(graph, modules)
    found: dict[fx.Node, Operation] = {}
    computed: dict[Hashable, Operation] = {}  # what is the same and without weights is computed once
    for node in graph.nodes:
        if node.op == "output":
            continue
        module = modules[str(node.target)] if node.op == "call_module" else None
        _refuse_what_packing_changes(node, module)
        inputs = tuple(found[source] for source in node.all_input_nodes)
        if type(module) is nn.Identity:
            found[node] = inputs[0]
            continue
        alone = any(id(parameter) in shared for parameter in module.parameters()) if module is not None else False
        kind = None if alone else _kind(node, module, values, graded)
        if kind is not None and node.target in (operator.add, torch.add) and len(node.args) == 2 and not node.kwargs:
            kind, inputs = _as_sum(node, kind, values, graded, found)
        once: Hashable = (kind, inputs) if kind is not None and not (module and tensors_of(module)) else node
        if once not in computed:
            computed[once] = Operation(candidate, node, inputs, module, kind, _part(node))
        found[node] = computed[once]
    result = graph.output_node().args[0]
    last = found[result]  # type: ignore[index]
    needed = {last}
    for operation in reversed(list(dict.fromkeys(found.values()))):
        if operation in needed or (operation.module is not None and tensors_of(operation.module)):
            needed.update(operation.inputs, [operation])  # normalisations count batches, whoever takes their results
    return [*(each for each in dict.fromkeys(found.values()) if each in needed and each is not last), last]


def _traced(model: nn.Module) -> fx.Graph:
    before = {name: buffer._version for name, buffer in model.named_buffers()}
    try:
        graph = fx.Tracer().trace(model)
    except Exception as error:
        raise Unpackable(f"its forward pass cannot be traced by torch.fx ({type(error).__name__}: {error})") from error
    for name, buffer in model.named_buffers():
        if buffer._version != before[name]:
            raise Unpackable(f"its forward pass changes {name} by itself, which a traced graph does not see")
    return graph


def perform(node: fx.Node, model: nn.Module, value_of: Callable[[fx.Node], Any]) -> Any:
    """Computes one node of a network's graph from the values of those before it."""
    args, kwargs = fx.map_arg((node.args, node.kwargs), value_of)
    if node.op == "get_attr":
        return operator.attrgetter(str(node.target))(model)
    if node.op == "call_method":
        return getattr(args[0], str(node.target))(*args[1:], **kwargs)
    called = model.get_submodule(str(node.target)) if node.op == "call_module" else node.target
    assert callable(called)
    return called(*args, **kwargs)


def _values(graph: fx.Graph, model: nn.Module, example: Tensor) -> tuple[dict[fx.Node, Any], set[fx.Node]]:
    """What every node gives for the example, and the nodes to whose tensors a loss would have a gradient."""
    values: dict[fx.Node, Any] = {}
    with torch.enable_grad(), _evaluating(model):  # running statistics must not see the example
        for node in graph.nodes:
            if node.op == "output":
                break
            values[node] = example if node.op == "placeholder" else perform(node, model, values.__getitem__)
    result = values.get(graph.output_node().args[0])  # type: ignore[arg-type]
    if not isinstance(result, Tensor) or not _has_channels(result):
        raise Unpackable("its result is not one tensor (batch, classes)")
    if not result.requires_grad:
        return values, set()
    tracked = [node for node, value in values.items() if isinstance(value, Tensor) and value.requires_grad]
    gradients = torch.autograd.grad(result.sum(), [values[node] for node in tracked], allow_unused=True)
    return values, {node for node, gradient in zip(tracked, gradients, strict=True) if gradient is not None}


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Puts running statistics back, which functions between layers may change in evaluation mode, too."""
    before = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for buffer, value in before:
            buffer.copy_(value)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, was in modes:
            module.training = was


def _shared_parameters(graph: fx.Graph, modules: Mapping[str, nn.Module]) -> set[int]:
    """Parameters that more than one operation uses: put beside those of others, they would become several."""
    uses: Counter[int] = Counter()
    for node in graph.nodes:
        if node.op == "call_module":
            uses.update({id(parameter) for parameter in modules[str(node.target)].parameters()})
        elif node.op == "get_attr":
            uses[id(operator.attrgetter(str(node.target))(modules[""]))] += 1
    return {parameter for parameter, count in uses.items() if count > 1}


def _refuse_what_packing_changes(node: fx.Node, module: nn.Module | None) -> None:
    name = str(node.target)
    if "dropout" in f"{name} {type(module).__name__}".lower():
        raise Unpackable(f"{name} draws random numbers: packed, the candidates would draw others than alone")
    in_place = name.endswith("_") and not name.endswith("__") if node.op == "call_method" else node.target in _IN_PLACE
    if in_place or node.kwargs.get("inplace") or vars(module or nn.Identity()).get("inplace"):
        raise Unpackable(f"{name} works in place, on values that candidates share")


def _kind(
    node: fx.Node, module: nn.Module | None, values: Mapping[fx.Node, Any], graded: Container[fx.Node]
) -> Hashable | None:
    around = (*node.all_input_nodes, node)
    if node.op in ("placeholder", "get_attr") or not all(_has_channels(values[each]) for each in around):
        return None
    # Weights without a gradient stay as they are, weights with one that is zero decay: they are kept apart.
    shapes = tuple((tuple(values[each].shape), values[each].dtype, each in graded) for each in around)
    arguments = repr(fx.map_arg((node.args, node.kwargs), lambda each: node.all_input_nodes.index(each)))
    if module is None:
        return node.op, node.target, arguments, shapes
    if not _is_plain(module):
        return None
    settings = repr(sorted((name, value) for name, value in vars(module).items() if not name.startswith("_")))
    weights = tuple((name, weight.shape, weight.dtype, weight.requires_grad) for name, weight in tensors_of(module))
    return type(module), settings, arguments, shapes, weights


def _part(node: fx.Node) -> str:
    within = next((name for name in node.meta.get("nn_module_stack", ()) if any(map(str.isdigit, name.split(".")))), "")
    steps = within.split(".")
    numbered = [place for place, step in enumerate(steps) if step.isdigit()]
    return ".".join(steps[: numbered[0] + 1]) if numbered else ""


def _as_sum(
    node: fx.Node,
    kind: Hashable,
    values: Mapping[fx.Node, Any],
    graded: Container[fx.Node],
    found: Mapping[fx.Node, Operation],
) -> tuple[Hashable, tuple[Operation, ...]]:
    """An addition of like tensors as a sum of any number of terms; a term that is itself such a sum is dissolved."""
    terms = [term for term in node.args if isinstance(term, fx.Node)]
    if len(terms) < 2 or any(values[term].shape != values[node].shape for term in terms):
        return kind, tuple(found[source] for source in node.all_input_nodes)
    like = tuple(values[node].shape), values[node].dtype, node in graded
    inputs: list[Operation] = []
    for term in terms:
        own = found[term]
        dissolves = own.kind == (SUM, len(own.inputs), *like) and len(term.users) == 1
        inputs += own.inputs if dissolves else [own]
    return (SUM, len(inputs), *like), tuple(inputs)


def _has_channels(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim >= 2


def _is_plain(module: nn.Module) -> bool:
    """Whether it is a layer of PyTorch as it stands in ``torch.nn``, so that settings and weights tell all of it."""
    if any(vars(module)[name] for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_modules")):
        return False
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.momentum is None:
        return False  # its running statistics depend on how many steps it has done
    return type(module).__module__.startswith("torch.nn.modules.")


def is_sum(operation: Operation) -> bool:
    """Whether it adds up its inputs, however many, which are of one shape."""
    return isinstance(operation.kind, tuple) and operation.kind[0] == SUM


def tensors_of(module: nn.Module) -> Sequence[tuple[str, Tensor]]:
    """Parameters and buffers of a layer by name."""
    return [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
