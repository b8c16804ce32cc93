"""A proxy that cannot be computed."""

from __future__ import annotations


class ProxyFailure(Exception):
    """A proxy that cannot be computed for this network; the message says why. It becomes no number."""
