"""The funnel: NSGA-II whose children are screened by a predictor and proxies before any is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from evonas.core.archive import Archive, Estimate, FloatArray, Funnel, Origin, Proposal
from evonas.core.problem import Candidate, Problem, Rejections
from evonas.core.searcher import Exhausted, Searcher
from evonas.searchers.batch import chosen_batch
from evonas.searchers.combined_proxies import CombinedProxies
from evonas.searchers.flatness import Flatness
from evonas.searchers.forecast import Forecast, PredictorFactory
from evonas.searchers.gate import caution, passes
from evonas.searchers.lots import draw_at_most, proposal, random_count
from evonas.searchers.proxy_scores import ProxyScores
from evonas.searchers.selection import best_first
from evonas.searchers.self_tuning import tuned_offspring
from evonas.searchers.stages import Stages
from evonas.searchers.strata import draw_stratified
from evonas.searchers.variation import Parents, offspring
from surrogates.encoding import Encoding
from surrogates.encodings.columns import Columns
from surrogates.encodings.concatenated import Concatenated

LEAST_TRAINED = 8


class ScreenedNsga2(Searcher):
    """The funnel, and the default: thousands of children, of which only the promising few are trained.

    Children of NSGA-II's parents pass, cheapest first: exact objectives and constraints; a predictor on graph features;
    zero-cost proxies; the predictor again with the proxies; and the calibrated gate. Of those that pass, one share is
    chosen for expected hypervolume improvement and the rest for the improvement were the predicted means certain: the
    one looks where the predictor is unsure, the other makes the most of what it knows. Where no other improves, the
    best by NSGA-II's ranking follow. A share of what is trained is always drawn at random, before screening, so that
    the report can say what random search would have reached; it is predicted too, which keeps the predictor's report
    free of selection. Until 8 candidates are trained everything is drawn at random, spread over cost.

    Args:
        problem: What is searched for.
        predictor: Makes a predictor that reads a given encoding; None screens by exact objectives and the proxies'
            combined ranks, without training.
        proxies: Scores built networks; None for no proxies.
        population: Survivors that are parents, at least 2.
        offspring: Distinct children screened each round.
        shortlist: Of these, how many the first predictor keeps.
        proxied: Of these, how many the proxies score.
        random_share: Share of the trained that is drawn at random after the first round, in [0, 1].
        fresh_share: Share of the screened that are new random samples instead of children, in [0, 1].
        crossover_rate: Share of children with two parents, in [0, 1].
        gate_error_rate: Probability at which the gate may reject what is not dominated, in (0, 0.5].
        improvement_share: Share of the screened that is chosen for expected hypervolume improvement, in [0, 1].
        self_tuning: Whether crossover rate, edits of a mutation and number of children adapt, see ``tuned_offspring``.
        flatness: Weight of a candidate's predicted neighbours in its value, in [0, 1]; see ``Flatness``.
        combination: Name of what combines the proxies where there is no predictor to read them.
        draws: Of a candidate's weights that the proxies score, at least 1: more for ``stochastic_ordering``. A
            predictor reads the first.
    """

    def __init__(
        self,
        problem: Problem,
        predictor: PredictorFactory | None = None,
        proxies: ProxyScores | None = None,
        population: int = 20,
        offspring: int = 2000,
        shortlist: int = 200,
        proxied: int = 48,
        random_share: float = 0.1,
        fresh_share: float = 0.1,
        crossover_rate: float = 0.5,
        gate_error_rate: float = 0.1,
        improvement_share: float = 0.5,
        self_tuning: bool = False,
        flatness: float = 0.0,
        combination: str = "rank_aggregation",
        draws: int = 1,
    ) -> None:
        for name, value, holds, rule in (
            ("population", population, population >= 2, "at least 2"),
            ("offspring", offspring, offspring >= 1, "at least 1"),
            ("shortlist", shortlist, 1 <= shortlist <= offspring, f"from 1 to offspring={offspring}"),
            ("proxied", proxied, 1 <= proxied <= shortlist, f"from 1 to shortlist={shortlist}"),
            ("random_share", random_share, 0 <= random_share <= 1, "in [0, 1]"),
            ("fresh_share", fresh_share, 0 <= fresh_share <= 1, "in [0, 1]"),
            ("crossover_rate", crossover_rate, 0 <= crossover_rate <= 1, "in [0, 1]"),
            ("gate_error_rate", gate_error_rate, 0 < gate_error_rate <= 0.5, "in (0, 0.5]"),
            ("improvement_share", improvement_share, 0 <= improvement_share <= 1, "in [0, 1]"),
            ("flatness", flatness, 0 <= flatness <= 1, "in [0, 1]"),
            ("draws", draws, draws >= 1, "at least 1"),
        ):
            if not holds:
                raise ValueError(f"screened_nsga2: {name} must be {rule}; got {value}")
        self.problem = problem
        self.predictor = predictor
        self.proxies = proxies
        self.population = population
        self.offspring = offspring
        self.shortlist = shortlist
        self.proxied = proxied
        self.random_share = random_share
        self.fresh_share = fresh_share
        self.crossover_rate = crossover_rate
        self.gate_error_rate = gate_error_rate
        self.improvement_share = improvement_share
        self.self_tuning = self_tuning
        self.flatness = flatness
        self.draws = draws
        self.features: Encoding = Concatenated(problem.space)
        self.combined = CombinedProxies(problem.space, combination)

    def propose(self, archive: Archive, count: int, rng: np.random.Generator) -> list[Proposal]:
        stages = Stages()
        if self.proxies:
            self.proxies.remember(archive)
        if len(archive.trained) < LEAST_TRAINED:
            return stages.close(archive, self._unscreened(archive, count, rng, stages))
        with stages.timed("predict"):
            forecast = Forecast(self.problem, archive, self.predictor, self.features, rng)
        survivors, drawn = self._finalists(archive, forecast, count, rng, stages)
        finalists = [*survivors, *drawn]
        scores = self._scores(finalists, stages)
        with stages.timed("predict"):
            sharp = Flatness(self.problem, self.flatness).penalty(forecast, finalists, rng)
            if self.proxies and self.predictor is not None:
                encoding = self._with_proxies(archive, finalists, scores)
                forecast = Forecast(self.problem, archive, self.predictor, encoding, rng)
            mean, std = forecast.of(finalists)
            if self.predictor is None and self.proxies:
                expected, turned = self.combined.expected(archive, finalists, scores, rng)
                stages.notes.extend(turned)
                for name, values in expected.items():
                    mean[:, archive.names.index(name)] = values
        n = len(survivors)
        with stages.timed("choose"):
            value = mean + sharp  # what is chosen by; what is journalled stays the prediction
            allowed = caution(forecast.left_out(), forecast.targets, self.gate_error_rate)
            passed = passes(value[:n], std[:n], archive.values(archive.front()), self.gate_error_rate, allowed)
            wanted = count - len(drawn)
            chosen = chosen_batch(forecast, value[:n], std[:n], passed, wanted, self.improvement_share, rng)
            if survivors:
                stages.counts["passed the gate"] = int(passed.sum())
        # The random share goes last, so that what the predictor chose is trained first.
        chosen += range(n, n + len(drawn))
        return stages.close(
            archive,
            [
                self._proposal(
                    finalists[index],
                    "screened" if index < n else "random",
                    forecast.estimates(mean[index], std[index]),
                    scores[index],
                )
                for index in chosen
            ],
        )

    def _unscreened(self, archive: Archive, count: int, rng: np.random.Generator, stages: Stages) -> list[Proposal]:
        with stages.timed("draw"):
            drawn = draw_stratified(self.problem, archive, count, rng)
        scores = self._scores(drawn, stages)
        return [self._proposal(candidate, "random", {}, score) for candidate, score in zip(drawn, scores, strict=True)]

    def _finalists(
        self, archive: Archive, forecast: Forecast, count: int, rng: np.random.Generator, stages: Stages
    ) -> tuple[list[Candidate], list[Candidate]]:
        """What screening leaves; and the random share, with as many more as screening falls short of ``count``."""
        share = random_count(archive, count, self.random_share)
        # The random share is drawn first: what screening picks must not be missing from it.
        drawn = self._draw(archive, share, rng, stages, [])
        survivors = self._screen(archive, forecast, drawn, rng, stages) if len(drawn) < count else []
        drawn += self._draw(archive, count - len(drawn) - len(survivors), rng, stages, [*survivors, *drawn])
        if not survivors and not drawn:
            raise Exhausted(f"no unseen feasible architecture was found; {len(archive):,} are in the archive")
        return survivors, drawn

    def _draw(
        self, archive: Archive, count: int, rng: np.random.Generator, stages: Stages, taken: Sequence[Candidate]
    ) -> list[Candidate]:
        """Random candidates; fewer, perhaps none, where no more are found."""
        with stages.timed("draw"):
            return draw_at_most(self.problem, archive, count, rng, {candidate.key for candidate in taken})

    def _screen(
        self, archive: Archive, forecast: Forecast, drawn: Sequence[Candidate], rng: np.random.Generator, stages: Stages
    ) -> list[Candidate]:
        """What exact objectives, the first predictor and the objectives of built models leave."""
        with stages.timed("vary"):
            candidates = self._offspring(archive, forecast, {candidate.key for candidate in drawn}, rng, stages)
        with stages.timed("predict"):
            mean = forecast.means(candidates)
            candidates = [candidates[index] for index in self._promising(mean, self.shortlist, rng)]
        if self.problem.has_model_objectives:
            with stages.timed("build"):
                rejections = Rejections()
                built = (self.problem.with_model_objectives(candidate, rejections) for candidate in candidates)
                candidates = [candidate for candidate in built if candidate is not None]
        stages.counts["shortlisted"] = len(candidates)
        if not candidates:
            stages.notes.append("no unseen child was left to screen in some round; it was drawn at random instead")
        if self.proxies and candidates:
            mean = forecast.means(candidates)
            candidates = [candidates[index] for index in self._promising(mean, self.proxied, rng)]
            stages.counts["proxied"] = len(candidates)
        return candidates

    def _promising(self, mean: FloatArray, count: int, rng: np.random.Generator) -> list[int]:
        # Without a predictor cost alone would keep the smallest, and the proxies would never see another.
        by_proxies_alone = self.predictor is None and bool(self.proxies)
        chosen = rng.permutation(len(mean))[:count] if by_proxies_alone else best_first(mean, count)
        return [int(index) for index in chosen]

    def _offspring(
        self, archive: Archive, forecast: Forecast, taken: Collection[str], rng: np.random.Generator, stages: Stages
    ) -> list[Candidate]:
        """Children and fresh samples, without the objectives of built models, which the shortlist alone gets."""
        parents = Parents.of(archive, self.population)
        fresh = round(self.fresh_share * self.offspring)
        counts: Counter[str] = Counter()
        wanted, rate, tries = self.offspring - fresh, self.crossover_rate, 2 * self.offspring
        if self.self_tuning:
            found, told = tuned_offspring(self.problem, archive, parents, wanted, forecast, rng, counts, taken)
            stages.notes.append(told)
        else:
            found = offspring(self.problem, archive, parents, wanted, rate, rng, counts, taken, tries)
        found += self._samples(archive, fresh, rng, {*taken, *(candidate.key for candidate in found)}, counts)
        for stage in ("drawn", "distinct", "feasible"):
            stages.counts[stage] = counts[stage]
        return found

    def _samples(
        self, archive: Archive, count: int, rng: np.random.Generator, taken: Collection[str], counts: Counter[str]
    ) -> list[Candidate]:
        rejections = Rejections()
        samples: dict[str, Candidate] = {}
        for _ in range(2 * count):
            if len(samples) == count:
                break
            architecture = self.problem.sample(rng)
            counts["drawn"] += 1
            key = self.problem.key(architecture)
            if key in archive or key in taken or key in samples:
                continue
            counts["distinct"] += 1
            candidate = self.problem.candidate(architecture, rejections)
            if candidate is not None:
                counts["feasible"] += 1
                samples[key] = candidate
        return list(samples.values())

    def _scores(self, candidates: Sequence[Candidate], stages: Stages) -> list[dict[str, float]]:
        if not self.proxies:
            return [{} for _ in candidates]
        with stages.timed("proxies"):
            scores = self.proxies.of(candidates, self.draws)
        stages.notes.extend(self.proxies.failures(candidates))
        return scores

    def _with_proxies(
        self, archive: Archive, finalists: Sequence[Candidate], scores: Sequence[Mapping[str, float]]
    ) -> Encoding:
        if not self.proxies:
            return self.features
        simplify = self.problem.space.simplify
        known = {simplify(trial.proposal.architecture).key: trial.proposal.proxies for trial in archive.trials}
        known |= {candidate.simplified.key: score for candidate, score in zip(finalists, scores, strict=True)}
        columns = Columns(self.problem.space, known, tuple(self.proxies.proxies))
        return Concatenated(self.problem.space, (self.features, columns))

    def _proposal(
        self, candidate: Candidate, origin: Origin, predicted: Mapping[str, Estimate], scores: Mapping[str, float]
    ) -> Proposal:
        return proposal(self.problem, candidate, origin, Funnel(0, {}), predicted, scores)
