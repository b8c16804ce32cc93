"""How well zero-cost proxies rank the rows of a table, beside published scores of the same rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from evonas.benchmarks.cached_runs import CachedRuns, Outcome, code_digest
from evonas.benchmarks.predictors import Compared, failures, summarised
from evonas.benchmarks.proxy_trials import ProxyTrials
from evonas.benchmarks.table_target import TableTarget
from evonas.campaign.planning.assemble import make_proxies
from evonas.campaign.planning.inline import inline_component, inline_components
from evonas.campaign.planning.making import at, make_component, make_space
from evonas.campaign.planning.parts import Part
from evonas.campaign.reading.arguments import check_arguments
from evonas.campaign.reading.describe import described
from evonas.campaign.reading.fault import CampaignError, Fault
from evonas.campaign.reading.rooms import ROOMS
from evonas.core.randomness import generator
from evonas.datasets.dataset import Dataset
from evonas.tables.table import FloatArray, Table
from spaces.discovery import discover
from spaces.space import Space
from surrogates import kendall_tau, spearman
from surrogates.combination import Scored, Trained
from surrogates.combinations.rank_aggregation import RankAggregation

PUBLISHED_PREFIX = "proxy_"
AGGREGATE = "rank_aggregation"
# AZ-NAS's four, and one each of what they do not look at: ReLU patterns, how inputs' gradients and feature maps
# correlate, how weights' gradients vary. Chosen on three measured columns (runs/benchmarks/README.md).
AGGREGATED = (
    *("expressivity", "progressivity", "trainability", "macs"),
    *("nwot", "jacob_cov", "meco", "l_swag"),
)
AZ_NAS = ("expressivity", "progressivity", "trainability", "macs")  # Lee and Ham, CVPR 2024
OFF = ("grasp", "plain")  # costs too much; says too little
_PUBLISHED_AS = {"jacob_cov": "jacov", "parameters": "params", "macs": "flops"}  # NAS-Bench-Suite-Zero's names


@dataclass(frozen=True, slots=True)
class ProxyComparison:
    """What is compared, as the command line's options say it.

    Attributes:
        space: Name or mapping of the space; made for the dataset's shape.
        table: File of the measurements.
        target: Column and direction.
        sample: Rows drawn at random.
        proxies: Names with commas between them, or a mapping, each; none stands for every proxy that needs no argument
            but ``grasp`` and ``plain``.
        dataset: Name or mapping of the dataset whose training examples make the batch.
        batch: Examples in it.
        seeds: How many draws of weights and batch; the rows stay the same.
        published: Prefix of the columns with published scores; None takes ``proxy_`` where the table has such columns.
        workers: Processes.
        cache: Folder of finished runs, or None.
    """

    space: str
    table: Path
    target: str
    sample: int
    proxies: Sequence[str] = ()
    dataset: str = "coloured_digits"
    batch: int = 32
    seeds: int = 1
    published: str | None = None
    workers: int = 1
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class _Sample:
    """The rows that are scored.

    Attributes:
        notations: As in the table.
        measured: Shape ``(n,)``, higher is better.
        published: Published scores by name without the prefix, each ``(n,)``, higher is better.
        costs: Parameters and MACs, each ``(n,)``.
    """

    notations: tuple[str, ...]
    measured: FloatArray
    published: Mapping[str, FloatArray]
    costs: Mapping[str, FloatArray]


def measure_proxies(asked: ProxyComparison) -> Compared:
    """Scores untrained networks of a table's rows and compares the scores' order with that of the target.

    Returns:
        A row for each proxy, for parameters and MACs, for the aggregation of the ranks of the proxies asked for (by
        default of ``AGGREGATED``), for that of AZ-NAS where its four are scored, with several seeds for either over all
        draws together, and for each published score that has no counterpart: Kendall tau and Spearman with the target;
        those of the published scores on the rows that the proxy could score; Spearman between the two; and how many of
        the scores ``failed``. The row of the aggregation has the ``milliseconds`` that all proxies together take for a
        network.

    Raises:
        CampaignError: An option is wrong; says which, the rule, the value and the remedy.
    """
    data = cast(Dataset, make_component("dataset", inline_component(asked.dataset, "--dataset"), path=("--dataset",)))
    space = make_space(inline_component(asked.space, "--space"), data, None)
    parts = inline_components(asked.proxies, "--proxies") or _every_proxy()
    proxies = make_proxies(list(parts.values()))
    examples = len(data.load().train)
    if asked.batch > examples:
        message = f"the batch must be at most the {examples:,} training examples; got {asked.batch:,}"
        raise CampaignError([Fault(("--batch",), message)])
    sample, graphs, notes = _sampled(asked, space)
    trials = ProxyTrials(space, graphs, proxies, data, asked.batch)
    runs = [{"notation": notation, "seed": seed} for seed in range(asked.seeds) for notation in sample.notations]
    outcomes = CachedRuns(trials.measure, _context(asked, parts, proxies), asked.cache).outcomes(runs, asked.workers)
    notes += failures(outcomes)
    aggregates = {AGGREGATE: tuple(proxies) if asked.proxies else AGGREGATED}
    if proxies.keys() >= set(AZ_NAS):
        aggregates["az_nas"] = AZ_NAS
    notes += [f"{name} is the mean log rank by {', '.join(members)}" for name, members in aggregates.items()]
    return _compared(sample, list(proxies), aggregates, outcomes, notes)


def _compared(
    sample: _Sample,
    proxies: Sequence[str],
    aggregates: Mapping[str, Sequence[str]],
    outcomes: Sequence[Outcome],
    notes: list[str],
) -> Compared:
    n = len(sample.notations)
    by_seed = [outcomes[start : start + n] for start in range(0, len(outcomes), n)]
    names = [*proxies, *(name for name in sample.costs if name not in proxies), *aggregates]
    figures: dict[str, list[Outcome]] = {name: [] for name in names}
    drawn: dict[str, list[FloatArray]] = {name: [] for name in aggregates}
    for results in by_seed:
        scores = {name: np.array([one.get("scores", {}).get(name, np.nan) for one in results]) for name in proxies}
        for name, members in aggregates.items():
            drawn[name] += [scores[member] for member in members]
            scores[name] = _aggregated([scores[member] for member in members])
        for name in names:
            figures[name].append(_figures(sample, name, scores[name] if name in scores else sample.costs[name]))
    if len(by_seed) > 1:
        for name, columns in drawn.items():
            figures[f"{name} over {len(by_seed)} draws"] = [_figures(sample, name, _aggregated(columns))]
    times = [outcome["milliseconds"] for outcome in outcomes if "milliseconds" in outcome]
    rows = []
    for name, found in figures.items():
        row = summarised(found)
        row["failed"] = sum(n - one["scored"] for one in found)
        row["milliseconds"] = float(np.mean(times)) if times and name == AGGREGATE else None
        rows.append({"proxy": name, **row})
        reasons = [one["failures"][name] for one in outcomes if name in one.get("failures", {})]
        if reasons:
            notes.append(f"{name} failed on {len(reasons):,} of {len(outcomes):,} networks: {reasons[0]}")
    ours = {_PUBLISHED_AS.get(name, name) for name in names}
    for name, values in sample.published.items():
        if name not in ours:
            alone = {"published_tau": kendall_tau(values, sample.measured)}
            alone["published_spearman"] = spearman(values, sample.measured)
            rows.append({**dict.fromkeys(rows[0]), "proxy": f"{name} (published)", **alone})
    hidden = {"scored", "scored_std", "published_tau_std", "published_spearman_std"}
    return Compared([{name: value for name, value in row.items() if name not in hidden} for row in rows], notes)


def _aggregated(columns: Sequence[FloatArray]) -> FloatArray:
    """Mean log rank by several scores of the same rows ``(n,)``."""
    known = Scored.by_scores(np.column_stack(columns))
    return RankAggregation().combine(known, Trained.none(known), generator(0, 0, AGGREGATE))


def _figures(sample: _Sample, name: str, scores: FloatArray) -> Outcome:
    known = np.isfinite(scores)
    measured, values = sample.measured[known], scores[known]
    published = sample.published.get(_PUBLISHED_AS.get(name, name))
    return {
        "scored": int(known.sum()),
        "tau": kendall_tau(values, measured),
        "spearman": spearman(values, measured),
        "published_tau": None if published is None else kendall_tau(published[known], measured),
        "published_spearman": None if published is None else spearman(published[known], measured),
        "agreement": None if published is None else spearman(values, published[known]),
    }


def _sampled(asked: ProxyComparison, space: Space) -> tuple[_Sample, dict[str, Any], list[str]]:
    """Rows drawn at random, their simplified architectures by notation, and a sentence about them."""
    with at(("--table",)):
        table = Table.read(asked.table, space)
        architectures = table.architectures
    with at(("--target",)):
        target = TableTarget.parse(asked.target)
        measured = -target.values(table)
    with at(("--published",)):
        published = _published(table, asked.published)
    usable = np.flatnonzero(np.isfinite([measured, *published.values()]).all(axis=0))
    with at(("--sample",)):
        if asked.sample > len(usable):
            raise ValueError(f"it must be at most the {len(usable):,} usable rows; got {asked.sample:,}")
    rows = np.sort(generator(0, 0, "sample of a table").choice(usable, asked.sample, replace=False))
    notations = tuple(table.notations[row] for row in rows)
    graphs = {table.notations[row]: space.simplify(architectures[row]) for row in rows}
    costs = [space.cost(graphs[notation]) for notation in notations]
    sample = _Sample(
        notations,
        measured[rows],
        {name: values[rows] for name, values in published.items()},
        {
            "parameters": np.array([cost.parameters for cost in costs], np.float64),
            "macs": np.array([cost.macs for cost in costs], np.float64),
        },
    )
    notes = [
        f"{target.column}, {'more' if target.goal == 'max' else 'less'} is better. {len(rows):,} of {len(table):,} "
        f"rows; {len(table) - len(usable):,} left out for want of a finite target or published score. Batch of "
        f"{asked.batch} from {asked.dataset}. Simplified networks; a proxy's figures, and the published ones beside "
        "them, are of the rows it could score. agreement: Spearman with the published scores. milliseconds: of the "
        "processor, for building a network and scoring it by all proxies."
    ]
    return sample, graphs, notes


def _published(table: Table, prefix: str | None) -> dict[str, FloatArray]:
    chosen = PUBLISHED_PREFIX if prefix is None else prefix
    found = [name for name in table.names if name.startswith(chosen)]
    if not found and prefix is not None:
        raise ValueError(f"no column begins with {prefix!r}; {table.path} has {', '.join(table.names)}")
    return {name.removeprefix(chosen): table.column(name) for name in found}


def _every_proxy() -> dict[str, Part]:
    """Every proxy that can be made without an argument, but those that are off."""
    found = discover(ROOMS["proxies"]).items()
    return {name: name for name, proxy in found if name not in OFF and not check_arguments(proxy, {})}


def _context(asked: ProxyComparison, parts: Mapping[str, Part], proxies: Mapping[str, object]) -> Mapping[str, Any]:
    """Everything but a run's own arguments that its scores depend on."""
    return {
        "comparison": "proxies",
        "code": code_digest(type(proxy) for proxy in proxies.values()),
        "table": hashlib.sha256(asked.table.read_bytes()).hexdigest(),
        "space": asked.space,
        # Descriptions too: they hold what stands in the file of a formula.
        "proxies": {label: described(proxy) for label, proxy in zip(parts, proxies.values(), strict=True)},
        "dataset": asked.dataset,
        "batch": asked.batch,
    }
