"""A CUDA device on a machine without one: tensors that have a device, a type and a shape, and no values.

What the code under test does with them is checked by the rules of real ones: tensors of two devices do not meet, and a
generator draws on its own device. Every copy between devices and every value that is read back is noted.
"""

import contextlib
import ctypes
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CUDA, META = 1, 14  # numbers of c10::DeviceType
ROOMS = ("/evonas/", "/surrogates/", "/spaces/")


class Watch(TorchDispatchMode):
    """Notes what goes between host and device, with the line of the code under test that asked for it.

    Attributes:
        noted: How often each was.
        captured: Operations that a graph captured.
        replays: Of all graphs.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise the first call imports torch._dynamo, which takes seconds

    def __init__(self) -> None:
        super().__init__()
        self.noted: Counter[tuple[str, str]] = Counter()
        self.captured = self.replays = 0
        self.capturing = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {each.device.type for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)}
        self.captured += self.capturing
        if func is torch.ops.aten._local_scalar_dense.default:
            self.note("a value read" if given == {"cuda"} else "a value of the host read")
            return 1.0
        if func.name().startswith("aten::_fused"):  # has no form without values
            assert given == {"cuda"}, f"{func.name()} of tensors on {given}"
            return None
        result = func(*args, **(kwargs or {}))
        devices = given | {each.device.type for each in tree_leaves(result) if isinstance(each, Tensor)}
        if devices == {"cuda", "cpu"}:
            self.note(func.name())
        assert not (self.capturing and "cpu" in devices), f"{func.name()} of the host's tensors in a captured step"
        return result

    def note(self, what: str) -> None:
        assert not self.capturing, f"{what} in a captured step"
        lines = [frame for frame in traceback.extract_stack() if any(room in frame.filename for room in ROOMS)]
        self.noted[what, f"{Path(lines[-1].filename).name}: {lines[-1].line}" if lines else ""] += 1


def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> contextlib.AbstractContextManager[Watch]:
    """A context in which ``cuda:0`` exists; networks and data are to be made inside it.

    Backward passes are not run: gradients are what their tensors are like. They are PyTorch's own in any case.
    """
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device: nothing is pretended")
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libc10.so"))
        guards = (ctypes.c_void_p * (META + 1)).in_dll(library, "_ZN3c104impl26device_guard_impl_registryE")
    except (OSError, ValueError):
        pytest.skip("this build of torch cannot be told of a device that it was not built for")
    return _pretended(monkeypatch, guards)


@contextlib.contextmanager
def _pretended(monkeypatch: pytest.MonkeyPatch, guards: Any) -> Iterator[Watch]:
    watch = Watch()
    was = guards[CUDA]
    with monkeypatch.context() as patches, FakeTensorMode(), watch:
        _patch(patches, watch)
        guards[CUDA] = guards[META]  # switching to the device does nothing
        try:
            yield watch
        finally:
            guards[CUDA] = was


def _patch(patches: pytest.MonkeyPatch, watch: Watch) -> None:
    stream = SimpleNamespace(wait_stream=lambda other: None)
    told: dict[str, Any] = {
        "device_count": lambda: 1,
        "is_bf16_supported": lambda including_emulation=True: True,
        "mem_get_info": lambda device=None: (2**40, 2**40),
        "synchronize": lambda device=None: watch.note("synchronize"),
        "device": lambda device: contextlib.nullcontext(),
        "stream": lambda stream: contextlib.nullcontext(),
        "Stream": lambda: stream,
        "current_stream": lambda device=None: stream,
        "CUDAGraph": lambda: SimpleNamespace(replay=lambda: setattr(watch, "replays", watch.replays + 1)),
        "graph": lambda graph, stream: _capture(watch),
        "reset_peak_memory_stats": lambda device=None: None,
    }
    told |= dict.fromkeys(("memory_allocated", "memory_reserved", "max_memory_allocated"), lambda device=None: 0)
    for name, value in told.items():
        patches.setattr(torch.cuda, name, value)
    patches.setattr("torch.cuda.amp.common.amp_definitely_not_available", lambda: False)
    patches.setattr(torch, "Generator", _Generator)
    for name in ("rand", "randint", "randn", "randperm"):
        patches.setattr(torch, name, _drawn_by(getattr(torch, name)))
    patches.setattr(torch.autograd, "backward", _backward)
    patches.setattr(torch.autograd, "grad", _gradients)
    patches.setattr(nn.Module, "to", _moved)
    patches.setattr(FakeTensor, "__deepcopy__", _copied, raising=False)
    patches.setattr(FakeTensor, "data_ptr", lambda tensor: id(tensor), raising=False)


@contextlib.contextmanager
def _capture(watch: Watch) -> Iterator[None]:
    watch.capturing = True
    try:
        yield
    finally:
        watch.capturing = False


class _Generator:
    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)

    def manual_seed(self, seed: int) -> "_Generator":
        return self


def _drawn_by(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def drawn(*args: Any, generator: _Generator | None = None, **kwargs: Any) -> Tensor:
        made = draw(*args, **kwargs)
        assert generator is None or generator.device == made.device
        return made

    return drawn


def _backward(loss: Tensor) -> None:
    seen, waiting = set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [source for source, _ in node.next_functions]
        if hasattr(node, "variable"):
            assert node.variable.grad is None
            node.variable.grad = torch.zeros_like(node.variable)


def _gradients(outputs: Tensor, inputs: Tensor | Sequence[Tensor], *args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    return tuple(torch.zeros_like(each) for each in ([inputs] if isinstance(inputs, Tensor) else inputs))


def _moved(module: nn.Module, *args: Any, **kwargs: Any) -> nn.Module:
    device, _, _, memory_format = torch._C._nn._parse_to(*args, **kwargs)
    for each in module.modules():
        for name, tensor in [*each._parameters.items(), *each._buffers.items()]:
            if tensor is None:
                continue
            new = tensor.detach().to(device=device)
            if memory_format is not None and new.ndim == 4:
                new = new.contiguous(memory_format=memory_format)
            if isinstance(tensor, nn.Parameter):
                each._parameters[name] = nn.Parameter(new, tensor.requires_grad)
            else:
                each._buffers[name] = new
    return module


def _copied(tensor: Tensor, memo: dict[int, Tensor]) -> Tensor:
    if id(tensor) not in memo:
        twin = tensor.detach().clone()
        memo[id(tensor)] = nn.Parameter(twin, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else twin
    return memo[id(tensor)]
