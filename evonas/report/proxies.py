"""Which proxies helped, in words and rows."""

from __future__ import annotations

from typing import Any

from evonas.core.archive import Archive
from evonas.core.proxy_track import FEWEST_TO_JUDGE, ProxyTrack, proxy_tracks


def proxy_section(archive: Archive) -> dict[str, Any] | None:
    """A sentence and rows for each objective that needs training; None where no trained candidate has a proxy score."""
    tracks = proxy_tracks(archive)
    if not tracks:
        return None
    names = list(dict.fromkeys(track.objective for track in tracks))
    parts = []
    for name in names:
        own = [track for track in tracks if track.objective == name]
        own.sort(key=lambda track: -2.0 if track.random_tau is None else track.random_tau, reverse=True)
        parts.append({"objective": name, "sentence": _sentence(own), "rows": [_row(track) for track in own]})
    return {"parts": parts}


def verdict(track: ProxyTrack) -> str:
    """What the interval allows to say of a proxy."""
    if track.random_n < FEWEST_TO_JUDGE:
        return f"too few to judge: {track.random_n} drawn at random"
    if track.interval is None:
        return "not defined: all scores or all measurements are equal"
    low, high = track.interval
    if low > 0:
        return "helped: puts the better higher"
    if high < 0:
        return "misled: puts the better lower; turned over where proxies alone screen"
    return "undecided: no better or worse than chance could be"


def _sentence(tracks: list[ProxyTrack]) -> str:
    groups = (
        ("helped", "helped to rank"),
        ("misled", "put the better lower"),
        ("undecided", "cannot be told from chance"),
    )
    said = []
    for word, meaning in groups:
        found = [track.proxy for track in tracks if verdict(track).startswith(word)]
        if found:
            said.append(f"{', '.join(found)} {meaning}")
    if not said:
        return f"Fewer than {FEWEST_TO_JUDGE} candidates drawn at random were trained and scored: too few to judge."
    return "; ".join(said) + "."


def _row(track: ProxyTrack) -> list[str]:
    interval = "–" if track.interval is None else f"{track.interval[0]:.2f} … {track.interval[1]:.2f}"
    return [
        track.proxy,
        str(track.random_n),
        _tau(track.random_tau),
        interval,
        str(track.n),
        _tau(track.tau),
        verdict(track),
    ]


def _tau(tau: float | None) -> str:
    return "–" if tau is None else f"{tau:.2f}"
