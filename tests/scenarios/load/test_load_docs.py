"""The page about the load: its plans are plans, and it leaves nothing out."""

import re
from pathlib import Path

import pytest

from scenarios.language.scenario import load_scenario
from scenarios.load.command import Options, plan_of
from scenarios.load.measures import Measure
from scenarios.load.plan import Behaviour, CallersTable, KindTable, NumbersTable, Plan
from scenarios.load.plan_file import parse_plan
from scenarios.load.stories import ALONE, HEADERS, REFUSED, UNJUDGED
from scenarios.load.thresholds import NUMBERS, RATES, SHARES
from scenarios.play.run import Options as PlayOptions
from scenarios.play.run import run_scenario
from switch.app.config import parse_config

PAGE = (Path(__file__).parents[3] / "docs" / "load.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", [text for text in blocks("yaml") if not text.startswith("scenario:")])
def test_every_plan_of_the_page_can_be_run(text: str) -> None:
    assert parse_plan(text, "docs/load.md").target is not None


@pytest.mark.parametrize("text", [text for text in blocks("yaml") if text.startswith("scenario:")])
def test_every_scenario_of_the_page_passes_and_can_be_a_load(text: str, tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(text, encoding="utf-8")
    assert run_scenario(load_scenario(file), PlayOptions()).fault == ""
    options = Options(file, rate="5/s", duration="20s", callers=100, target="127.0.0.1:5060")
    assert len(plan_of(options)[0].mix) == 3


def test_the_page_tells_what_becomes_of_every_step_and_verb() -> None:
    told = PAGE.partition("## From a scenario")[2]
    words = {*REFUSED, *UNJUDGED, *ALONE, *HEADERS}
    verbs = {"registers": "registering", "unregisters": "registering", "registers in vain": "registering"}
    verbs |= {"holds": "holding", "resumes": "holding", "goes silent": "silence", "deposits": "deposits"}
    verbs |= {"drops off": "dropping off", "comes back": "dropping off", "moves audio": "holding"}
    assert [word for word in sorted(words) if verbs.get(word, word) not in told] == []


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_configuration_of_the_page_is_right(text: str) -> None:
    assert parse_config(text, "docs/load.md").trunks


def test_the_page_tells_every_key_behaviour_and_measure() -> None:
    tables = (Plan, CallersTable, NumbersTable, KindTable)
    keys = {name for table in tables for name in table.model_fields}
    words = {*keys, *SHARES, *RATES, *NUMBERS, *(item.value for item in (*Measure, *Behaviour))}
    assert [word for word in sorted(words) if not re.search(rf"`[^`\n]*\b{word}\b", PAGE)] == []
