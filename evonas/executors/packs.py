"""How many candidates a worker trains together."""

from __future__ import annotations


def check_pack(executor: str, pack: int | str) -> None:
    """Passes where ``pack`` is a number of candidates or ``auto``.

    Raises:
        ValueError: It is not.
    """
    if pack != "auto" and (isinstance(pack, str) or pack < 1):
        raise ValueError(f"executor {executor!r}: pack must be at least 1, or 'auto'. Got {pack!r}")
