"""Every block of the newcomer's page does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenarios.language.scenario import Header, parse_scenario
from scenarios.language.steps import ActorStep
from scenarios.play.run import Options, run_scenario

PAGE = Path(__file__).parents[3] / "docs" / "scenarios.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[tuple[int, str]]:
    """Blocks with the line each begins at."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return [(TEXT[: match.start(1)].count("\n") + 1, match[1]) for match in found]


@pytest.mark.parametrize(("line", "text"), blocks("yaml"), ids=lambda value: str(value)[:40])
def test_every_scenario_of_the_page_passes(line: int, text: str) -> None:
    result = run_scenario(parse_scenario(text, str(PAGE), PAGE.parent, first_line=line), Options())
    assert result.fault == ""


def test_the_page_has_scenarios_and_programs() -> None:
    assert len(blocks("yaml")) >= 5
    assert len(blocks("python")) == 2


def test_the_program_of_the_page_runs() -> None:
    _, text = blocks("python")[0]
    exec(compile(text, str(PAGE), "exec"), {})


def test_the_page_names_every_key() -> None:
    missing = [key for key in (*ActorStep.keys(), *Header.keys()) if f"`{key}" not in TEXT and f" {key}:" not in TEXT]
    assert missing == []
