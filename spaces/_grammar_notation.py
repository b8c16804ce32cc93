"""Derivations as s-expressions, such as ``(seq (conv 1 2) (branch clone relu identity add))``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from spaces._grammar_tree import AGGREGATIONS, KINDS, Body, Branch, Item, Permuted
from spaces.architecture import Node

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_DEEPEST = 200  # brackets in brackets; below Python's own limit of calls in calls


def written(body: Body) -> str:
    """One line that ``parsed`` reads back to the same tree."""
    if not body:
        return "identity"
    texts = [_item(item) for item in body]
    return texts[0] if len(texts) == 1 else f"(seq {' '.join(texts)})"


def _item(item: Item) -> str:
    if isinstance(item, Branch):
        return f"(branch {item.kind} {written(item.left)} {written(item.right)} {item.aggregation})"
    if isinstance(item, Permuted):
        return f"(permute {written(item.body)})"
    return primitive_text(item)


def primitive_text(node: Node) -> str:
    """A primitive with the values of its attributes by name: ``relu``, ``(conv 2 0.5)`` of stride 2 and width 0.5."""
    if not node.attributes:
        return node.op
    return f"({node.op} {' '.join(f'{value:.12g}' for _, value in node.attributes)})"


def parsed(text: str, primitives: Sequence[Node]) -> Body:
    """The tree that ``text`` says; ``seq`` in ``seq`` is flattened and ``identity`` left out.

    Raises:
        ValueError: The text does not parse; the message counts characters from 0.
    """
    parser = _Parser(text, primitives)
    body = parser.module(0)
    parser.expect("", "the end")
    return body


class _Parser:
    def __init__(self, text: str, primitives: Sequence[Node]) -> None:
        self.text = text
        self.primitives: dict[str, list[Node]] = {}
        for node in primitives:
            self.primitives.setdefault(node.op, []).append(node)
        self.tokens = [(match.group(1), match.start(1)) for match in _TOKEN.finditer(text)]
        self.tokens.append(("", len(text)))
        self.next = 0

    def peek(self) -> str:
        return self.tokens[self.next][0]

    def take(self) -> str:
        token = self.tokens[self.next][0]
        self.next += bool(token)
        return token

    def expect(self, token: str, what: str) -> None:
        if self.peek() != token:
            raise self.fault(what)
        self.take()

    def choice(self, choices: Sequence[str]) -> str:
        if self.peek() not in choices:
            raise self.fault(f"one of {', '.join(choices)}")
        return self.take()

    def fault(self, expected: str, token: int | None = None) -> ValueError:
        found, position = self.tokens[self.next if token is None else token]
        got = repr(found) if found else "the end"
        return ValueError(f"position {position} of the derivation {self.text!r}: expected {expected}; got {got}")

    def module(self, brackets: int) -> Body:
        plain = ["identity", *(op for op, nodes in self.primitives.items() if not nodes[0].attributes)]
        if self.peek() != "(":
            if self.peek() in self.primitives and self.peek() not in plain:
                raise self.fault(self.forms(self.peek()))
            word = self.choice(["(", *plain])
            return () if word == "identity" else (self.primitives[word][0],)
        if brackets >= _DEEPEST:
            raise self.fault(f"at most {_DEEPEST} brackets in brackets")
        self.take()
        body = self.bracketed(brackets + 1)
        self.expect(")", "')'")
        return body

    def bracketed(self, brackets: int) -> Body:
        start = self.next
        valued = [op for op, nodes in self.primitives.items() if nodes[0].attributes]
        word = self.choice(["seq", "branch", "permute", *valued])
        if word == "seq":
            body: Body = ()
            while self.peek() != ")":
                body += self.module(brackets)
            return body
        if word == "branch":
            kind = self.choice(KINDS)
            left, right = self.module(brackets), self.module(brackets)
            return (Branch(kind, self.choice(AGGREGATIONS), left, right),)
        if word == "permute":
            inside = self.next
            body = self.module(brackets)
            if not body:
                raise self.fault("a module other than identity inside permute", inside)
            return (Permuted(body),)
        return (self.valued(word, start),)

    def valued(self, word: str, start: int) -> Node:
        values = []
        while self.peek() not in ("(", ")", ""):
            values.append(self.take())
        for node in self.primitives[word]:
            if [f"{value:.12g}" for _, value in node.attributes] == [_plain(value) for value in values]:
                return node
        raise self.fault(self.forms(word), start)

    def forms(self, word: str) -> str:
        return f"one of {', '.join(primitive_text(node) for node in self.primitives[word])}"


def _plain(text: str) -> str:
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text
