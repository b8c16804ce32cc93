"""The text of a campaign file as plain values, with the line of each.

The text is only composed into nodes: no constructor of Python objects ever runs, and a node whose tag is not one of
YAML's own plain kinds is a fault. Lines are read off the nodes, so that every fault of a file has one.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from evonas.campaign.reading.fault import CampaignError, Fault, YamlPath, shown

_STANDARD = "tag:yaml.org,2002:"
_SCALARS = tuple(_STANDARD + kind for kind in ("str", "int", "float", "bool", "null"))
_MOST_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """A campaign file's content.

    Attributes:
        values: The file's mapping, of plain values only.
        lines: Line of every key and item by its path, from 1.
        faults: What is wrong with the text, apart from what it says: repeated keys, tags, merges.
    """

    values: Mapping[str, Any]
    lines: Mapping[YamlPath, int]
    faults: tuple[Fault, ...] = ()

    def line(self, path: YamlPath) -> int:
        """Line of ``path``, or of the nearest part of it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def compose(content: bytes, file: str) -> Source:
    """Reads the bytes of a campaign file.

    Raises:
        CampaignError: They are not UTF-8, not YAML, empty, or no mapping.
    """
    text = _decoded(content, file)
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            root = yaml.compose(text)
            if root is None:
                remedy = "the file is empty; 'evonas new FILE' writes a campaign to start from"
                raise CampaignError([Fault((), remedy, 1)], file)
            walk = _Walk(yaml)
            values = walk.value(root, ())
    except YAMLError as error:
        raise CampaignError([_syntax_fault(error)], file) from error
    except RecursionError as error:
        raise CampaignError([Fault((), "the values are nested too deeply to be read", 1)], file) from error
    if not isinstance(root, MappingNode):
        kind = "a list" if isinstance(root, SequenceNode) else f"the value {shown(values)}"
        message = (
            f"expected a mapping, 'key: value' on each line. Got {kind}; the first line may be 'name: my_campaign'"
        )
        raise CampaignError([Fault((), message, root.start_mark.line + 1)], file)
    return Source(values, walk.lines, tuple(walk.faults))


class _Walk:
    """Turns nodes into plain values and notes lines and faults on the way."""

    def __init__(self, yaml: YAML) -> None:
        self.yaml = yaml
        self.lines: dict[YamlPath, int] = {}
        self.faults: list[Fault] = []
        self._open: set[int] = set()
        self._seen = 0

    def value(self, node: Node, path: YamlPath) -> Any:
        """The plain value of ``node``; what has none is a fault, and None."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._seen += 1
        if self._seen > _MOST_NODES:
            raise YAMLError(f"more than {_MOST_NODES} values, aliases counted each time; no campaign needs as many")
        if id(node) in self._open:
            return self._fault(path, f"an alias to a value that contains it (line {line}); write the value out")
        self._open.add(id(node))
        try:
            return self._plain(node, path)
        finally:
            self._open.discard(id(node))

    def _plain(self, node: Node, path: YamlPath) -> Any:
        tag = str(node.tag)
        if isinstance(node, MappingNode) and tag == _STANDARD + "map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and tag == _STANDARD + "seq":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and tag in _SCALARS:
            try:
                return self.yaml.constructor.construct_object(node)
            except ValueError:
                return self._fault(
                    path, f"{shown(node.value)} is tagged as what it is not, or longer than any number; correct it"
                )
        if tag == _STANDARD + "timestamp":
            return self._fault(path, f"dates are not read. Got {node.value}; write '{node.value}' in quotes for a text")
        shorthand = tag.replace(_STANDARD, "!!")
        return self._fault(
            path, f"YAML tags are not read, and build no objects. Got {shorthand!r}; write a plain value"
        )

    def _mapping(self, node: MappingNode, path: YamlPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or str(key_node.tag) not in _SCALARS[:1]:
                self._bad_key(key_node, path, line)
                continue
            key = str(key_node.value)
            if key in values:
                first = self.lines[(*path, key)]
                self._fault((*path, key), f"the key stands here a second time, first in line {first}; keep one", line)
                continue
            self.lines[(*path, key)] = line
            values[key] = self.value(value_node, (*path, key))
        return values

    def _bad_key(self, node: Node, path: YamlPath, line: int) -> None:
        if str(node.tag) == _STANDARD + "merge":
            self._fault(path, "merge keys ('<<') are not read; write the keys out", line)
        else:
            text = node.value if isinstance(node, ScalarNode) else "a list or mapping"
            self._fault(path, f"a key must be a text. Got {text}; write it in quotes if it is meant as one", line)

    def _fault(self, path: YamlPath, message: str, line: int | None = None) -> None:
        self.faults.append(Fault(path, message, self.lines[path] if line is None else line))


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8 (byte 0x{content[error.start]:02x}); save it with the encoding UTF-8"
        raise CampaignError([Fault((), message, line)], file) from error


def _syntax_fault(error: YAMLError) -> Fault:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return Fault((), f"the file is no YAML: {' '.join(str(error).split())}", 1)
    mark = error.problem_mark
    message = f"the file is no YAML, column {mark.column + 1}: {error.problem}"
    if "'\\t'" in str(error.problem):
        message += "; indent with spaces, YAML forbids tabs"
    elif "mapping values are not allowed" in str(error.problem):
        message += "; put a value that contains ': ' in quotes, and check the indentation"
    elif error.context:
        message += f" ({error.context})"
    return Fault((), message, mark.line + 1)
