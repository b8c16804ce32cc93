"""How the report puts figures and facts into words."""

from __future__ import annotations

from collections.abc import Iterable

from evonas.core.archive import Archive, Trial
from evonas.core.objective import Objective
from evonas.core.record import Record
from evonas.report.progress import Course, RandomEstimate


def figure_text(value: float, unit: str = "") -> str:
    """A figure for reading: whole numbers in full with separators, others with four digits; the unit follows."""
    whole = float(value).is_integer() and 10 <= abs(value) < 1e15
    text = f"{value:,.0f}" if whole else f"{value:.4g}"
    return f"{text} {unit}" if unit else text


def percent_text(share: float) -> str:
    """A share in [0, 1] for reading, e.g. ``69 %``."""
    return f"{100 * share:.0f} %"


def seconds_text(seconds: float) -> str:
    """A duration for reading: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``5 h 2 min``."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def axis_text(objective: Objective) -> str:
    """Name, unit and direction of an objective, e.g. ``latency_ms [ms], lower is better``."""
    unit = f" [{objective.unit}]" if objective.unit else ""
    return f"{objective.name}{unit}, {'lower' if objective.goal == 'min' else 'higher'} is better"


def numbers_text(numbers: Iterable[int], most: int = 12) -> str:
    """Trial numbers as a list that stays short: ``3, 8, 21 and 40 more``."""
    every = list(numbers)
    shown = ", ".join(str(number) for number in every[:most])
    return f"{shown} and {len(every) - most:,} more" if len(every) > most else shown


def counted(count: int, singular: str, plural: str = "") -> str:
    """``1 candidate``, ``12 candidates``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def leading_objective(archive: Archive) -> Objective:
    """The objective that the report puts first: the first that needs training, else the first of all."""
    return next((one for one in archive.objectives if one.needs == "training"), archive.objectives[0])


def best_trial(archive: Archive, objective: Objective) -> Trial | None:
    """The trained trial with the best value of one objective; of equal ones the first. None where nothing trained."""
    sign = 1.0 if objective.goal == "min" else -1.0
    return min(archive.trained, key=lambda trial: sign * trial.values[objective.name], default=None)


def summary(record: Record, course: Course | None) -> list[str]:
    """Sentences that say what was searched, what became of it and what was found."""
    archive = record.archive
    goals = ", ".join(f"{one.name} ({'minimised' if one.goal == 'min' else 'maximised'})" for one in archive.objectives)
    size = f" of {record.space.size:,} notations" if record.space.size is not None else ""
    sentences = [f"Searched the space {type(record.space).__name__}{size} for {goals}.", _outcome(archive)]
    leading = leading_objective(archive)
    best = best_trial(archive, leading)
    if best is None:
        return [*sentences, "Nothing has been trained successfully, so there is no front."]
    value = figure_text(best.values[leading.name], leading.unit)
    members = len(archive.front())
    sentences.append(
        f"The best {leading.name} is {value} (trial {best.number}); the front has {counted(members, 'member')}."
    )
    if course is not None:
        sentences.append(
            f"Hypervolume: {course.hypervolumes[-1]:.3g}, where 1 dominates everything between the worst and the best "
            "values of the first round."
        )
    sessions = len(record.evaluated_by_session)
    if sessions > 1:
        sentences.append(f"The campaign ran in {sessions} sessions.")
    return sentences


def random_comparison(course: Course, estimate: RandomEstimate | None) -> list[str]:
    """Sentences that set the campaign beside random search at the same cost in full trainings."""
    if estimate is None:
        return ["No candidate was both drawn at random and trained, so random search cannot be estimated."]
    sentences = [f"The random share is {counted(estimate.share, 'candidate')}."]
    total = int(course.counts[-1])
    reached, expected = float(course.hypervolumes[-1]), estimate.at(total)
    if total == estimate.share:
        return [*sentences, "Every trained candidate was drawn at random: the campaign is random search."]
    if expected is None:
        sentences.append(f"What {total:,} random candidates would have reached is not known from so few.")
    else:
        sentences.append(
            f"The campaign reached {reached:.3g} at the cost of {counted(total, 'full training')}; extrapolated, not "
            f"observed, as many of random search would have reached about {expected:.3g}."
        )
    level = float(estimate.mean[-1])
    needed = course.counts[course.hypervolumes >= level * (1 - 1e-9)]
    if len(needed):
        sentences.append(
            f"What the random share reached with its {counted(estimate.share, 'candidate')} ({level:.3g}), "
            f"the campaign had reached after {int(needed[0]):,}, the random ones among them."
        )
    return sentences


def random_caveats(estimate: RandomEstimate, trained: int) -> list[str]:
    """Sentences on how far the estimate can be trusted, for a campaign of that many trained candidates."""
    sentences = []
    if trained > estimate.share and estimate.slope is not None:
        sentences.append(
            "The dashed line keeps the estimate's last slope against the logarithm of the count, to ten times the "
            "share at most; it flatters random search wherever gains shrink with each doubling."
        )
    elif trained > estimate.share:
        sentences.append("Beyond its size nothing is known of random search.")
    sentences.append(
        "The band holds 80 % of the subsets drawn from the share; it closes at the share's end because only one subset "
        "is left, not because the value is certain."
    )
    if estimate.seconds_each is not None:
        sentences.append(
            f"Over time, a random candidate is charged {seconds_text(estimate.seconds_each)}: running time, divided as "
            "the workers' time was between random and other candidates."
        )
    return sentences


def _outcome(archive: Archive) -> str:
    trained, failed, pending = len(archive.trained), len(archive.failed), len(archive.pending)
    shortened, replicated = len(archive.shortened), len(archive.replicated)
    what = "training" if shortened or replicated else "candidate"
    text = f"{counted(len(archive), what)} proposed: {trained:,} trained, {failed:,} failed"
    if shortened:
        text += f", {shortened:,} shorter and ranked apart; together as long as {float(archive.spent):.4g} full ones"
    if archive.stopped:
        saved = sum(float(trial.stop.saved) for trial in archive.stopped if trial.stop is not None)
        text += f", {len(archive.stopped):,} stopped early, which saved {saved:.3g} trainings"
    if replicated:
        text += f", {replicated:,} repeated one of the front with another seed"
    return f"{text}, {pending:,} still pending." if pending else f"{text}."
