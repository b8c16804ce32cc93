"""How alike the outputs respond to inputs of one class."""

from __future__ import annotations

import numpy as np

from surrogates.proxies.input_correlation import input_correlation
from surrogates.proxies.probe import Probe
from surrogates.proxies.proxy import Proxy
from surrogates.proxies.proxy_failure import ProxyFailure


class EpeNas(Proxy):
    """Correlation of input gradients within classes (Lopes et al., "EPE-NAS", ICANN 2021, equations 4 and 5): more is
    better.

    ``Σ_classes |Σ_ij log(|r_ij| + k)|`` over the correlation matrix r of the input gradients of one class, k = 1e-5:
    the paper's form for up to 100 classes.
    """

    needs = frozenset({"input_gradients"})

    def score(self, probe: Probe) -> float:
        """The sum over classes.

        Raises:
            ProxyFailure: No labels, no class with 2 inputs, or the outputs do not respond to an input.
        """
        if probe.targets is None:
            raise ProxyFailure("epe_nas compares inputs of one class and needs labels; the batch has none")
        if probe.targets.ndim != 1:
            raise ProxyFailure(f"epe_nas needs one label for each input; their shape is {tuple(probe.targets.shape)}")
        classes = probe.targets.cpu().numpy()
        correlation = np.log(np.abs(input_correlation(probe.input_gradients)) + 1e-5)
        members = [np.flatnonzero(classes == each) for each in np.unique(classes)]
        if max(len(rows) for rows in members) < 2:
            raise ProxyFailure("epe_nas needs a class with 2 inputs; every class has one: enlarge the batch")
        return float(sum(abs(correlation[np.ix_(rows, rows)].sum()) for rows in members))
