"""A campaign as checked, immutable values."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from evonas.campaign.reading.fault import CampaignError, YamlPath
from evonas.campaign.reading.sections import Replicates, RetrainFront, Rungs, as_tuple
from evonas.campaign.reading.wording import faults_of
from evonas.core.constraint import Constraint


class Component(BaseModel):
    """A component's name and the keyword arguments of its constructor. A bare name stands for ``{name: ...}``.

    Attributes:
        name: A file of the component's room, or a dotted path to the user's own class.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str = Field(min_length=1, description="a file of the room, or my.module.MyClass")

    @classmethod
    def of(cls, name: str, **arguments: Any) -> Component:
        """A component from Python."""
        return cls.model_validate({**arguments, "name": name})

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments, plain values; a copy."""
        return copy.deepcopy(self.model_extra or {})

    def resolved(self) -> dict[str, Any]:
        """The mapping that stands for the component in a campaign file."""
        return {"name": self.name, **self.arguments}

    @model_validator(mode="before")
    @classmethod
    def _from_plain(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, Mapping):
            return {key: _plain(inner, (key,)) for key, inner in value.items()}
        return value


def _plain(value: Any, path: YamlPath) -> Any:
    """A copy of what JSON can hold, tuples as lists; anything else is an error with its place."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, (*path, index)) for index, inner in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise _located(path, value, "expected a finite number")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise _located(path, value, "expected a plain value: text, number, true, false, null, a list or a mapping")


def _located(path: YamlPath, value: Any, rule: str) -> ValidationError:
    """An error of pydantic's at a place inside the value that is being validated."""
    kind = PydanticCustomError("rule", "{rule}", {"rule": rule})
    return ValidationError.from_exception_data("campaign", [InitErrorDetails(type=kind, loc=path, input=value)])


def _distinct(value: Any) -> Any:
    """Refuses the same objective twice, in its plain form; two with different arguments may stand side by side."""
    items = as_tuple(value)
    plain = [{"name": item} if isinstance(item, str) else item for item in items] if isinstance(items, tuple) else []
    for index, item in enumerate(plain):
        if item in plain[:index]:
            message = f"expected each objective once; it stands in place {plain.index(item) + 1} of the list already"
            raise _located((index,), items[index], message)
    return items


def _constraints(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return () if value is None else value
    parsed = []
    errors: list[InitErrorDetails] = []
    for objective, text in value.items():
        try:
            parsed.append(Constraint.parse(objective, text))
        except ValueError as error:
            kind = PydanticCustomError("said", "{said}", {"said": str(error)})
            errors.append(InitErrorDetails(type=kind, loc=(objective,), input=text))
    if errors:
        raise ValidationError.from_exception_data("campaign", errors)
    return tuple(parsed)


_CONSTRAINTS_SCHEMA = {
    "type": ["object", "null"],
    "additionalProperties": {"type": "string", "pattern": r"^\s*(<=|>=|<|>)\s*\S+\s*$"},
}
Objectives = Annotated[tuple[Component, ...], BeforeValidator(_distinct)]
Proxies = Annotated[tuple[Component, ...], BeforeValidator(as_tuple)]
Constraints = Annotated[tuple[Constraint, ...], BeforeValidator(_constraints), WithJsonSchema(_CONSTRAINTS_SCHEMA)]


def _default_results(values: dict[str, Any]) -> str:
    return f"results/{values.get('name', 'campaign')}"


class Specification(BaseModel):
    """A campaign: everything that decides what a run does, with the defaults filled in. Immutable.

    Which components there are and which arguments they take is not known here; ``document.read`` checks that too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="the campaign's name; letters, digits, '.', '_' and '-'. Results go to results/<name>",
    )
    space: Component = Field(description="the search space: which architectures there are")
    dataset: Component = Field(default=Component.of("digits"), description="the examples to train on")
    trainer: Component = Field(default=Component.of("classifier"), description="how one network is trained")
    evaluator: Component | None = Field(
        default=None, description="what gives a candidate its values; null trains it with the trainer on the dataset"
    )
    objectives: Objectives = Field(
        default=(Component.of("validation_error"), Component.of("macs"), Component.of("parameters")),
        min_length=1,
        description="what is minimised or maximised, all at once",
    )
    constraints: Constraints = Field(
        default=(), description="bounds on objectives that are known before training, as in 'macs: \"<= 2e5\"'"
    )
    searcher: Component = Field(default=Component.of("screened_nsga2"), description="what chooses the next candidates")
    predictor: Component | None = Field(
        default=Component.of("gaussian_process"),
        description="what predicts the objectives that need training; null screens by the exact ones alone",
    )
    proxies: Proxies = Field(
        default=(Component.of("synflow"), Component.of("nwot"), Component.of("parameters")),
        description="scores of untrained networks that the predictor is told",
    )
    executor: Component = Field(
        default=Component.of("processes", workers=2), description="where candidates are trained, and how many at a time"
    )
    budget: int = Field(
        ge=1,
        description="how many candidates are trained, for example 'budget: 64'; one on a rung counts by its epochs",
    )
    seed: int = Field(default=0, ge=0, description="fixes every random choice of the campaign")
    initial: int = Field(
        default=16, ge=1, description="candidates of the first round, drawn at random; half are a warm start's"
    )
    batch: int = Field(default=8, ge=1, description="candidates of every later round")
    rungs: Rungs = Field(
        default=Rungs(),
        description="epochs of shorter trainings, of which the best candidates climb to the full one; null for none",
    )
    early_stopping: float | None = Field(
        default=None,
        gt=0,
        le=0.5,
        description="rate at which trainings may be wrongly given up that will surely end dominated; null for never",
    )
    replicates: Replicates = Field(
        default=Replicates(),
        description="how often the front's members are trained while the search goes on; null for once",
    )
    retrain_front: RetrainFront = Field(
        default=RetrainFront(),
        description="how often the front is trained anew, for figures on test data; null for never",
    )
    warm_start: str | None = Field(
        default=None,
        min_length=1,
        description="the results folder of an earlier campaign over the same space that this one is started from",
    )
    results: str = Field(
        default_factory=_default_results,
        min_length=1,
        description="the folder of the results; results/<name> by default",
    )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Specification:
        """Checks a campaign given as plain values, as a campaign file or ``resolved`` holds them.

        Raises:
            CampaignError: With every fault; lines are unknown here.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            descriptions = {name: field.description or "" for name, field in cls.model_fields.items()}
            raise CampaignError(faults_of(error, descriptions)) from error

    def resolved(self) -> dict[str, Any]:
        """The campaign as plain values that JSON can hold, every default written out; see ``from_mapping``."""
        return {
            "name": self.name,
            "space": self.space.resolved(),
            "dataset": self.dataset.resolved(),
            "trainer": self.trainer.resolved(),
            "evaluator": self.evaluator.resolved() if self.evaluator is not None else None,
            "objectives": [objective.resolved() for objective in self.objectives],
            "constraints": {bound.objective: f"{bound.comparison} {bound.bound!r}" for bound in self.constraints},
            "searcher": self.searcher.resolved(),
            "predictor": self.predictor.resolved() if self.predictor is not None else None,
            "proxies": [proxy.resolved() for proxy in self.proxies],
            "executor": self.executor.resolved(),
            "budget": self.budget,
            "seed": self.seed,
            "initial": self.initial,
            "batch": self.batch,
            "rungs": {**self.rungs.model_dump(), "epochs": list(self.rungs.epochs)},
            "early_stopping": self.early_stopping,
            "replicates": {"trainings": self.replicates.trainings, "share": self.replicates.share},
            "retrain_front": {"seeds": self.retrain_front.seeds},
            "warm_start": self.warm_start,
            "results": self.results,
        }
