"""``evonas merge``."""

from __future__ import annotations

from pathlib import Path

from evonas.campaign.running.merge import merge
from evonas.campaign.running.recall import recall


def merge_campaigns(first: Path, second: Path, target: Path) -> None:
    """Joins two results folders and says what is in the third."""
    merged = merge(first, second, target)
    counts = [len(recall(folder).archive) for folder in (first, second)]
    both = sum(counts) - len(merged.archive)
    print(f"{counts[0]} and {counts[1]} trials, {both} of them in both: {len(merged.archive)} in {target}")
