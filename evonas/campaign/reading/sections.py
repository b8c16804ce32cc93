"""Sections of a campaign file that are mappings: which candidates are trained for less, or more than once."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

PromoteBy = Literal["values", "training_speed", "last_loss", "predictor"]


def as_tuple(value: Any) -> Any:
    """A list as a tuple, null as an empty one; what is neither stays for the check to refuse."""
    return tuple(value) if isinstance(value, list) else () if value is None else value


class RetrainFront(BaseModel):
    """How the front is trained anew at the end, for figures on test data."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    seeds: int = Field(default=3, ge=0, description="trainings of each network of the front; 0 leaves it out")

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        if value is None:
            return {"seeds": 0}
        return {"seeds": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Rungs(BaseModel):
    """Shorter trainings that candidates pass before the full one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="epochs of each, rising; the full training, the trainer's own, is not among them"
    )
    reduction_factor: int = Field(default=3, ge=2, description="one of so many climbs to the next rung")
    promote_by: PromoteBy = Field(
        default="values",
        description="what ranks candidates on a rung in place of the objectives that need training: nothing (values), "
        "the sum of its training losses (training_speed), the last of them (last_loss), or the full training's values "
        "as predicted, with the rung's own among what the predictor reads (predictor)",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return {"epochs": value} if value is None or isinstance(value, list | tuple) else value

    @field_validator("epochs")
    @classmethod
    def _rising(cls, epochs: tuple[int, ...]) -> tuple[int, ...]:
        for shorter, longer in pairwise(epochs):
            if longer <= shorter:
                raise PydanticCustomError(
                    "said", "expected epochs that rise from rung to rung. Got {pair}", {"pair": f"{shorter}, {longer}"}
                )
        return epochs


class Replicates(BaseModel):
    """How often the search trains its front's members, with another seed each time."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    trainings: int = Field(default=1, ge=1, description="most trainings of one architecture; 1 trains none again")
    share: float = Field(
        default=0.1, ge=0, le=1, description="share of the trainings after the first round that go to it"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        if value is None:
            return {}
        return {"trainings": value} if isinstance(value, int) and not isinstance(value, bool) else value
