"""A pen for SVG: elements with classes, and text that cannot break out of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

NAMESPACE: Final = "http://www.w3.org/2000/svg"

FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 has no place for, not even escaped."""

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

HEAD: Final = 7.0
"""Length of an arrow's head."""


def printable(text: str) -> str:
    """The text without characters that no XML document can have."""
    return FORBIDDEN.sub(REPLACEMENT, text)


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws into one element. Coordinates are rounded to a tenth of a pixel."""

    element: Element

    def group(self, kind: str, *, name: str | None = None, title: str | None = None, link: str | None = None) -> Pen:
        """A pen for a group of its own: with an id, words on hovering, and a place it leads to."""
        parent = self.element if link is None else SubElement(self.element, "a", {"href": link})
        group = SubElement(parent, "g", {"class": kind} | ({} if name is None else {"id": name}))
        if title is not None:
            SubElement(group, "title").text = printable(title)
        return Pen(group)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "") -> None:
        """A straight line."""
        self._add("line", kind, x1=_number(x1), y1=_number(y1), x2=_number(x2), y2=_number(y2))

    def rect(self, x: float, y: float, width: float, height: float, kind: str = "", *, radius: float = 0.0) -> None:
        """A rectangle."""
        sizes = {"x": x, "y": y, "width": max(0.0, width), "height": max(0.0, height)} | (
            {"rx": radius} if radius else {}
        )
        self._add("rect", kind, **{name: _number(value) for name, value in sizes.items()})

    def path(self, commands: str, kind: str = "") -> None:
        """A path; its commands are ours, never data."""
        self._add("path", kind, d=commands)

    def text(self, x: float, y: float, text: str, kind: str = "", *, anchor: str = "start") -> None:
        """A line of text on its base line."""
        attributes = {"x": _number(x), "y": _number(y)} | ({} if anchor == "start" else {"text-anchor": anchor})
        self._add("text", kind, **attributes).text = printable(text)

    def arrow(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A line with a head at its end."""
        back = HEAD if x2 < x1 else -HEAD
        self.line(x1, y1, x2 + back / 2, y2, "shaft")
        self.path(f"M{_number(x2)} {_number(y2)}l{_number(back)} -3.5v7z", "head")

    def _add(self, tag: str, kind: str, **attributes: str) -> Element:
        return SubElement(self.element, tag, ({"class": kind} if kind else {}) | attributes)


def sheet(width: float, height: float, kind: str, label: str, *, style: str = "") -> Pen:
    """A pen for a whole drawing; `style` makes it one that stands for itself."""
    size = {"viewBox": f"0 0 {_number(width)} {_number(height)}", "width": _number(width), "height": _number(height)}
    names = {"xmlns": NAMESPACE, "class": kind, "role": "img", "aria-label": printable(label)}
    root = Element("svg", names | size)
    if style:
        SubElement(root, "style").text = style
    return Pen(root)


def written(pen: Pen) -> str:
    """The drawing as text."""
    return tostring(pen.element, encoding="unicode")


def points(pairs: list[tuple[float, float]]) -> str:
    """The commands of a closed shape."""
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in pairs) + "Z"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
