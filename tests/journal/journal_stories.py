"""Campaigns made up for the tests of the journal."""

from dataclasses import replace

from hypothesis import strategies as st

from evonas.core.archive import ORIGINS, Archive, Estimate, Funnel, Proposal, Trial
from evonas.core.evaluation import Evaluation
from evonas.core.failure import FAILURE_KINDS, Failure
from evonas.core.objective import Objective, Subject
from evonas.core.rung import Rung
from spaces.architecture import Architecture, Node


class Figure(Objective):
    """An objective that is never measured here."""

    def __init__(self, name: str, needs: str, goal: str = "min") -> None:
        self.name, self.needs, self.goal, self.unit = name, needs, goal, ""  # type: ignore[assignment]

    def measure(self, subject: Subject) -> float:
        raise NotImplementedError


OBJECTIVES = (Figure("error", "training"), Figure("macs", "architecture"), Figure("score", "training", "max"))

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
figures = st.dictionaries(words, finite, max_size=3)


def named_values(low: int = 0) -> st.SearchStrategy[tuple[tuple[str, float], ...]]:
    return st.dictionaries(words, finite, min_size=low, max_size=2).map(lambda found: tuple(sorted(found.items())))


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    nodes = draw(st.lists(st.builds(Node, words, named_values()), max_size=4))
    possible = [(source, target) for target in range(len(nodes)) for source in range(target)]
    edges = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    return Architecture(tuple(nodes), tuple(sorted(edges)), draw(named_values()))


failures = st.builds(Failure, st.sampled_from(FAILURE_KINDS), words)
curves = st.lists(st.dictionaries(words, finite | st.just(float("nan")), max_size=2), max_size=3).map(tuple)
seconds = st.floats(0, 1e6)


def evaluations() -> st.SearchStrategy[Evaluation]:
    trained = st.builds(lambda error, score, more: {**more, "error": error, "score": score}, finite, finite, figures)
    succeeded = st.builds(Evaluation, trained, seconds, st.none(), st.integers(0, 200), curves)
    failed = st.builds(Evaluation, st.just({}), seconds, failures, st.integers(0, 200), curves)
    return succeeded | failed


@st.composite
def rounds(draw: st.DrawFn) -> list[list[Trial]]:
    """The trials of a few rounds, all pending; some repeat a full training."""
    archive = Archive(OBJECTIVES)
    told = []
    for index in range(draw(st.integers(0, 3))):
        counts = draw(st.dictionaries(words, st.integers(0, 10**6), max_size=3))
        notes = tuple(draw(st.lists(words, max_size=2)))
        funnel = Funnel(index, counts, draw(st.dictionaries(words, seconds, max_size=2)), notes)
        batch = []
        for _ in range(draw(st.integers(1, 3))):
            proposal = draw(proposals(funnel))
            full = [trial.proposal for trial in archive.trials if trial.proposal.rung is None]
            if full and draw(st.booleans()):
                again = draw(st.sampled_from(full))
                proposal = replace(again, funnel=funnel, replicate=archive.trainings(again.key))
            batch.append(archive.propose(proposal))
        told.append(batch)
    return told


def proposals(funnel: Funnel) -> st.SearchStrategy[Proposal]:
    return st.builds(
        Proposal,
        architectures(),
        words,
        words,
        st.sampled_from(ORIGINS),
        st.builds(lambda macs, more: {"macs": macs, **more}, finite, figures),
        st.dictionaries(words, st.builds(Estimate, finite, finite), max_size=2),
        figures,
        st.just(funnel),
        st.none() | st.integers(1, 9).map(lambda epochs: Rung(epochs, 10)),
    )


def plain_trial(number: int, round_number: int = 0) -> Trial:
    architecture = Architecture((Node("input"), Node("conv", (("bits", 8.0),))), ((0, 1),), (("channels", 4.0),))
    funnel = Funnel(round_number, {"drawn": 10, "chosen": 2}, {"drawn": 0.1})
    exact = {"macs": 100.0 + number}
    return Trial(number, Proposal(architecture, f"key{number}", f"|{number}|", "random", exact, {}, {}, funnel))


def plain_evaluation(number: int) -> Evaluation:
    return Evaluation({"error": 1 / (3 + number), "score": 0.1 * number}, 0.25, None, 3, ({"loss": 0.1},))


def told(archive: Archive) -> str:
    """Everything in an archive, to the last bit; ``repr`` tells -0.0 from 0.0 and calls NaN equal to itself."""
    curves = [trial.evaluation.curve if trial.evaluation else None for trial in archive.trials]
    return repr((list(archive.trials), list(archive.rounds), curves))
