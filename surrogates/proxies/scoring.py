"""Scoring one network by many proxies in shared passes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor, nn

from spaces.architecture import Architecture
from surrogates.proxies.probe import NEEDS, Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure
from surrogates.proxies.untouched import seed_globals, untouched_globals


def score_all(
    proxies: Mapping[str, Proxy],
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor | None = None,
    seed: int = 0,
    architecture: Architecture | None = None,
) -> dict[str, float | ProxyFailure]:
    """Scores one untrained network; each score equals that of computing its proxy alone.

    The model and the global random generators are afterwards as before.

    Args:
        proxies: Proxies by name.
        model: ``(batch, …)`` to outputs, freshly initialised.
        inputs: Shape ``(batch, …)``, on the model's device.
        targets: Shape ``(batch,)``, or None.
        seed: Of the global generators while the model and the proxies run.
        architecture: The simplified graph that the model was built from; without it proxies of topology fail.

    Returns:
        By name a finite score, higher is better, or a ``ProxyFailure`` (returned, not raised) that says why there is
        none: the proxy raised, or its score is not finite, or it needs what no probe collects.
    """
    needs = frozenset[str]().union(*(proxy.needs for proxy in proxies.values())) & NEEDS
    probe = Probe(model, inputs, targets, needs, seed, architecture)
    with untouched_globals():
        return {name: _outcome(name, proxy, probe, seed) for name, proxy in proxies.items()}


def _outcome(name: str, proxy: Proxy, probe: Probe, seed: int) -> float | ProxyFailure:
    unknown = sorted(proxy.needs - NEEDS)
    if unknown:
        return ProxyFailure(f"{name} needs {', '.join(unknown)}; a probe collects {', '.join(sorted(NEEDS))}")
    try:
        seed_globals(seed)
        score = float(proxy.score(probe))
    except ProxyFailure as failure:
        return ProxyFailure(str(failure))  # anew: the one caught holds the frames, and with them the tensors
    except Exception as error:  # users' proxies may raise anything, and the other proxies go on
        return ProxyFailure(f"{name} raised {type(error).__name__}: {error}")
    if not math.isfinite(score):
        return ProxyFailure(f"{name} must be finite; it is {score}")
    return score
