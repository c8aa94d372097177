"""A drawing as a list of marks, written as SVG by a template that escapes every text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from jinja2 import Environment, PackageLoader

TEMPLATES: Final = Environment(loader=PackageLoader("ivr"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with round corners."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    radius: float = 8
    shape: str = "rect"


@dataclass(frozen=True, slots=True)
class Path:
    """A path; its commands are ours."""

    kind: str
    commands: str
    shape: str = "path"


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text on its base line."""

    kind: str
    x: float
    y: float
    text: str
    anchor: str = ""
    is_upright: bool = False
    is_doubted: bool = False
    """Whether a `*` in it marks a value that nobody could check."""
    shape: str = "text"


Mark = Rect | Path | Text


@dataclass(slots=True)
class Group:
    """Marks of one colour."""

    kind: str
    marks: list[Mark] = field(default_factory=list)


def written(template: str, groups: Sequence[Group], *, label: str, width: float, height: float) -> str:
    """The drawing as text; what is drawn first is behind."""
    page = TEMPLATES.get_template(template)
    return page.render(groups=groups, label=label, width=f"{width:.0f}", height=f"{height:.0f}") + "\n"
