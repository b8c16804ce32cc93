"""One part at a time: from a name or an object to the component. Imports no component until one is named."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from evonas.campaign.planning.fitting import check_shapes
from evonas.campaign.planning.parts import Part
from evonas.campaign.reading.arguments import check_arguments, converted_arguments
from evonas.campaign.reading.fault import CampaignError, Fault, YamlPath
from evonas.campaign.reading.rooms import ROOMS, SUPPLIES
from evonas.campaign.reading.specification import Component
from evonas.datasets.dataset import Dataset
from spaces.discovery import find
from spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Iterator


def make_component(section: str, part: Part, supplied: Mapping[str, Any] | None = None, path: YamlPath = ()) -> object:
    """The component that ``part`` stands for; ``supplied`` arguments are passed where its constructor takes them.

    Raises:
        CampaignError: There is no such component, or it cannot be made; its faults are those of ``path``.
    """
    room, place = ROOMS[section], path or (section,)
    component = named(part, place)
    if component is None:
        if not isinstance(part, room.interface_class()):
            raise CampaignError(
                [Fault(place, f"expected {room.article} {room.title}: a name or an object. Got {part!r}")]
            )
        return part
    with at(place):
        made = find(room, component.name)
        faults = check_arguments(made, component.arguments, SUPPLIES[section])
        if faults:
            raise CampaignError([Fault((*place, *fault.path), fault.message) for fault in faults])
        accepted = inspect.signature(made).parameters
        passed = {name: value for name, value in (supplied or {}).items() if name in accepted}
        return made(**{**passed, **converted_arguments(made, component.arguments)})


def make_space(space: Part, dataset: Part, evaluator: Part | None) -> Space:
    """The space, made for the dataset's shape where it is named and the evaluator trains on the dataset.

    Raises:
        CampaignError: It cannot be made, or builds networks for other data.
    """
    if not reads_dataset(evaluator):
        return cast(Space, make_component("space", space))
    data = cast(Dataset, make_component("dataset", dataset))
    made = cast(Space, make_component("space", space, {"input_shape": data.input_shape, "classes": data.classes}))
    check_shapes(made, data)
    return made


def reads_dataset(evaluator: Part | None) -> bool:
    """Whether the evaluator takes the campaign's dataset; a table does not.

    Raises:
        CampaignError: There is no such evaluator.
    """
    if evaluator is None:
        return True
    component = named(evaluator, ("evaluator",))
    if component is None:
        return False
    with at(("evaluator",)):
        return "dataset" in inspect.signature(find(ROOMS["evaluator"], component.name)).parameters


def named(part: Part, place: YamlPath) -> Component | None:
    """A part that was named; None for an object.

    Args:
        part: A part.
        place: Where it stands in the campaign.

    Raises:
        CampaignError: It is a mapping without a name.
    """
    if isinstance(part, Component):
        return part
    if isinstance(part, str):
        return Component.of(part)
    if isinstance(part, Mapping):
        if not isinstance(part.get("name"), str):
            raise CampaignError(
                [Fault(place, f"a component is a name, or a mapping with one under 'name'. Got {part!r}")]
            )
        return Component.of(**{str(key): value for key, value in part.items()})
    return None


@contextmanager
def at(path: YamlPath) -> Iterator[None]:
    """Says where in the campaign a part could not be made."""
    try:
        yield
    except CampaignError:
        raise
    except (ValueError, TypeError, OSError) as error:
        raise CampaignError([Fault(path, str(error))]) from error
