"""YAML as plain values with the line of each: what pydantic validates, and what mistakes point at.

A part of YAML only, so that nothing is read otherwise than it looks: one document, no anchors, no tags,
no key twice. `true` and `false` are booleans, whole decimal numbers are numbers, and all else is text;
a fraction without quotes is refused, because binary fractions are not exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from ivr.mistake import Mistake
from switch.app.config import ConfigError

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is installed: it reads a scenario in a tenth of the time."""

FILE_SIZE_MAX: Final = 1_000_000
"""A megabyte: a scenario a person reads aloud has a page."""

NODES_MAX: Final = 100_000
"""Values in a file; many more than fit in a page."""

Place = tuple[str | int, ...]
"""A place in a document, as pydantic writes it."""

_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_FRACTION: Final = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


class ScenarioError(ConfigError):
    """A scenario cannot be used. `mistakes` tells every reason."""


@dataclass(slots=True)
class Source:
    """One document: its value, and where everything stands."""

    file: str
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """The line of a place, or of the nearest one above it that is known."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return None

    def mistake(self, place: Place, text: str) -> Mistake:
        """A mistake at a place."""
        return Mistake(self.file, self.line(place), place_text(place), text)


def place_text(place: Place) -> str:
    """A place as people write it: `script[2].family.hears`; steps count from 1."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_source(text: str, file: str, *, first_line: int = 1) -> Source:
    """Read a document; `first_line` is that of its first line in the file.

    Raises:
        ScenarioError: It is no YAML, or not of the part that is read.
    """
    if len(text) > FILE_SIZE_MAX:
        raise ScenarioError((Mistake(file, None, "", f"larger than {FILE_SIZE_MAX} letters"),))
    source = Source(file)
    try:
        line: int | None
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                line = first_line if event.start_mark is None else event.start_mark.line + first_line
                raise ScenarioError((Mistake(file, line, "", "anchors and aliases are not read; write it out"),))
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + first_line
        raise ScenarioError((Mistake(file, line, "", f"not YAML: {_yaml_words(error)}"),)) from error
    except yaml.YAMLError as error:
        raise ScenarioError((Mistake(file, None, "", f"not YAML: {error}"),)) from error
    if node is None:
        raise ScenarioError((Mistake(file, first_line, "", "is empty; a scenario has at least a name and a script"),))
    reader = _Reader(source, first_line)
    source.value = reader.value(node, ())
    if reader.mistakes:
        raise ScenarioError(tuple(reader.mistakes))
    return source


class _Reader:
    """Turns nodes into values."""

    def __init__(self, source: Source, first_line: int) -> None:
        self.mistakes: list[Mistake] = []
        self._source = source
        self._first_line = first_line
        self._count = 0

    def value(self, node: yaml.Node, place: Place) -> Any:
        """The value of a node."""
        self._source.lines.setdefault(place, node.start_mark.line + self._first_line)
        self._count += 1
        if self._count > NODES_MAX:
            return None
        match node:
            case yaml.MappingNode():
                return dict(self._pairs(node, place))
            case yaml.SequenceNode():
                return [self.value(each, (*place, index)) for index, each in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._scalar(node, place)
        raise AssertionError(f"{node} is no node of YAML")

    def _pairs(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse((*place, "?"), key_node, "a key must be text")
                continue
            key = str(key_node.value)
            self._source.lines[*place, key] = key_node.start_mark.line + self._first_line
            if key in seen:
                self._refuse((*place, key), key_node, "is given twice")
            seen.add(key)
            yield key, self.value(value_node, (*place, key))

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Any:
        text = str(node.value)
        if node.style:  # quoted, or a block of text
            return text
        if text in {"", "~", "null"}:
            return None
        if text in {"true", "false"}:
            return text == "true"
        if _WHOLE.fullmatch(text):
            return int(text)
        if _FRACTION.fullmatch(text):
            remedy = f'write it in quotes, "{text}", or with its unit, as {text}s'
            self._refuse(place, node, f"{text} is a binary fraction, which is not exact; {remedy}")
        return text

    def _refuse(self, place: Place, node: yaml.Node, text: str) -> None:
        line = node.start_mark.line + self._first_line
        self.mistakes.append(Mistake(self._source.file, line, place_text(place), text))


def _yaml_words(error: yaml.MarkedYAMLError) -> str:
    return " ".join(filter(None, (error.context, error.problem)))
