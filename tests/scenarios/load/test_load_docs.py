"""The page about the load: its plans are plans, and it leaves nothing out."""

import re
from pathlib import Path

import pytest

from scenarios.load.measures import Measure
from scenarios.load.plan import Behaviour, CallersTable, KindTable, NumbersTable, Plan
from scenarios.load.plan_file import parse_plan
from scenarios.load.thresholds import NUMBERS, RATES, SHARES
from switch.app.config import parse_config

PAGE = (Path(__file__).parents[3] / "docs" / "load.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_plan_of_the_page_can_be_run(text: str) -> None:
    assert parse_plan(text, "docs/load.md").target is not None


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_configuration_of_the_page_is_right(text: str) -> None:
    assert parse_config(text, "docs/load.md").trunks


def test_the_page_tells_every_key_behaviour_and_measure() -> None:
    tables = (Plan, CallersTable, NumbersTable, KindTable)
    keys = {name for table in tables for name in table.model_fields}
    words = {*keys, *SHARES, *RATES, *NUMBERS, *(item.value for item in (*Measure, *Behaviour))}
    assert [word for word in sorted(words) if not re.search(rf"`[^`\n]*\b{word}\b", PAGE)] == []
