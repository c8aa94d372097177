"""Load plans from YAML files, with every mistake told by file, line and key."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError

from ivr.mistake import Mistake
from scenarios.load.plan import CalleesTable, CallersTable, KindTable, NumbersTable, Plan, StageTable

FILE_SIZE_MAX: Final = 1_000_000
"""A megabyte: plans are a screen long."""

Place = tuple[str | int, ...]


class PlanError(Exception):
    """The plan cannot be used. `mistakes` tells every reason."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def load_plan(path: Path) -> Plan:
    """Read and validate a file.

    Raises:
        PlanError: With every mistake found.
    """
    file = str(path)
    try:
        if path.stat().st_size > FILE_SIZE_MAX:
            raise PlanError((Mistake(file, None, "", f"is larger than {FILE_SIZE_MAX} bytes"),))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError((Mistake(file, None, "", f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise PlanError((Mistake(file, None, "", "is not UTF-8 text"),)) from error
    return parse_plan(text, file)


def parse_plan(text: str, file: str) -> Plan:
    """Validate a text; `file` names it in mistakes.

    Raises:
        PlanError: With every mistake found.
    """
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = None if mark is None else mark.line + 1
        raise PlanError((Mistake(file, line, "", f"is not YAML: {problem}"),)) from error
    if not isinstance(raw, dict):
        raise PlanError((Mistake(file, 1, "", "is no plan; begin with a line such as `load: what this is`"),))
    try:
        return Plan.model_validate(raw)
    except ValidationError as error:
        raise PlanError(
            tuple(
                Mistake(file, _line(tree, item["loc"]), _key(item["loc"]), _remedy(item["type"], item))
                for item in error.errors(include_url=False)
            )
        ) from error


def _line(tree: yaml.Node | None, place: Place) -> int | None:
    """The line of a key, or of the nearest thing around it."""
    line = None if tree is None else tree.start_mark.line + 1
    node = tree
    for step in place:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    found, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line


def _key(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _remedy(kind: str, item: Any) -> str:
    if kind == "extra_forbidden":
        known = _known(item["loc"])
        close = difflib.get_close_matches(str(item["loc"][-1]), known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        return f"is not a key of this table; {hint}"
    if kind == "missing":
        return "is missing"
    return str(item["msg"]).removeprefix("Value error, ")


def _known(place: Place) -> list[str]:
    tables: dict[str, type[BaseModel]] = {
        "callers": CallersTable,
        "callees": CalleesTable,
        "mix": KindTable,
        "stages": StageTable,
    }
    table = tables.get(str(place[0]), Plan) if len(place) > 1 else Plan
    if "callees" in place[1:-1]:
        table = NumbersTable
    return [field.alias or name for name, field in table.model_fields.items()]
