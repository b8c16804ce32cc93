"""Networks whose weights are what they compute to."""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils import parametrize


def unparametrized(model: nn.Module) -> nn.Module:
    """A copy in which weights that are computed from others (fake quantisation) stand as what they are now."""
    plain = copy.deepcopy(model)
    for module in list(plain.modules()):
        if parametrize.is_parametrized(module):
            # torch's remove_parametrizations would take the weights from the model's own class, which the copy shares.
            held = {name: getattr(module, name).detach() for name in module.parametrizations}  # type: ignore[union-attr]
            del module.parametrizations
            module.__class__ = type(module).__bases__[0]
            for name, weight in held.items():
                module.register_parameter(name, nn.Parameter(weight))
    return plain
