"""How fast every search space samples, varies, identifies and counts its architectures."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import spaces
from evonas.benchmarks.progress_line import tracked
from spaces.architecture import Architecture
from spaces.discovery import discover, find
from spaces.space import Space

MOST_DRAWS = 20  # for each distinct offspring wanted; a small space has fewer than that


def measure_spaces(architectures: int, offspring: int, seed: int, only: str | None = None) -> list[dict[str, Any]]:
    """Times every discovered space with its defaults, on one thread, each call on an architecture of its own.

    Args:
        architectures: How many are sampled; the times are medians over them.
        offspring: How many distinct ones a generation has.
        seed: Of the generator.
        only: Name of one space, to measure it alone.

    Returns:
        A row for each space: median microseconds of one call of ``sample``, ``mutate``, ``simplify``, ``key`` (of a
        simplified graph) and ``cost``, with nothing of the architecture known before; ``nodes`` of the median graph;
        the ``offspring`` reached, each mutated from a random parent, simplified and identified; how many different
        ``functions`` they compute; and ``generation_cpu_seconds``, processor time,
        which a busy machine does not lengthen.

    Raises:
        UnknownComponent: There is no space ``only``.
    """
    found = discover(spaces.ROOM) if only is None else {only: find(spaces.ROOM, only)}
    return [_row(name, component(), architectures, offspring, seed) for name, component in tracked(list(found.items()))]


def _row(name: str, space: Space, architectures: int, offspring: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    started = [space.sample(rng) for _ in range(architectures)]  # warms what the space keeps for good
    sample, drawn = _microseconds(lambda _: space.sample(rng), range(architectures))
    cost, _ = _microseconds(space.cost, drawn)
    simplify, simplified = _microseconds(space.simplify, drawn)
    key, _ = _microseconds(lambda graph: graph.key, {id(graph): graph for graph in simplified}.values())
    mutate, _ = _microseconds(lambda parent: space.mutate(parent, rng), started)
    reached, functions, seconds = _generation(space, drawn, offspring, rng)
    return {
        "space": name,
        "sample_us": sample,
        "mutate_us": mutate,
        "simplify_us": simplify,
        "key_us": key,
        "cost_us": cost,
        "nodes": statistics.median(len(graph.nodes) for graph in drawn),
        "offspring": reached,
        "functions": functions,
        "generation_cpu_seconds": seconds,
    }


def _microseconds(call: Callable[[Any], Any], arguments: Iterable[Any]) -> tuple[float, list[Any]]:
    """The median time of one call, and the results."""
    times, results = [], []
    for argument in arguments:
        started = time.perf_counter_ns()
        result = call(argument)
        times.append(time.perf_counter_ns() - started)
        results.append(result)
    return statistics.median(times) / 1000, results


def _generation(
    space: Space, parents: list[Architecture], offspring: int, rng: np.random.Generator
) -> tuple[int, int, float]:
    """Distinct children reached, the functions among them, and seconds of the processor."""
    children: set[Architecture] = set()
    functions: set[str] = set()
    started = time.process_time()
    for _ in range(MOST_DRAWS * offspring):
        child = space.mutate(parents[int(rng.random() * len(parents))], rng)
        if child not in children:
            children.add(child)
            functions.add(space.simplify(child).key)
        if len(children) == offspring:
            break
    return len(children), len(functions), time.process_time() - started
