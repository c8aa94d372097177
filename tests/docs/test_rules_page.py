"""The page of the rules is what the table and the library say, and what it names exists."""

from __future__ import annotations

import re

import pytest

from scenarios.report.rules import PAGE, ROOT, Fact, Rule, claims, load_library, load_rules, rules_page

RULES = load_rules()
SCENARIOS = load_library()
COUNTS = {"S1": 18, "S2": 6, "S3": 13}
"""How many rules each of the three texts has."""


def test_the_page_is_what_the_table_and_the_library_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(RULES, SCENARIOS), "run `make rules`"


def test_every_rule_of_the_texts_has_its_row() -> None:
    wanted = [f"{system}-{number}" for system, count in COUNTS.items() for number in range(1, count + 1)]
    assert [rule.id for rule in RULES.rules] == wanted


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_every_rule_has_code_and_a_scenario_that_says_so(rule: Rule) -> None:
    assert claims(rule.id, SCENARIOS.values()), f"no scenario says `rules: [{rule.id}]`"
    assert rule.code
    assert not [path for path in rule.code if not (ROOT / path).is_file()]


def test_scenarios_name_rules_that_exist() -> None:
    known = {rule.id for rule in RULES.rules}
    assert not [(shown.name, shown.rules - known) for shown in SCENARIOS.values() if shown.rules - known]


def test_every_test_that_the_rules_name_exists() -> None:
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = {name for part in (*RULES.rules, *RULES.law, *RULES.failures) for name in part.tests}
    assert named and not named - written


@pytest.mark.parametrize("fact", [*RULES.law, *RULES.failures], ids=lambda fact: fact.what)
def test_what_must_hold_is_shown(fact: Fact) -> None:
    assert fact.today == "no" or fact.scenarios or fact.tests


def test_a_fact_that_names_no_scenario_of_the_library_is_refused() -> None:
    wrong = Fact(what="a fact", today="yes", scenarios=["rules/nothing"], tests=[])
    with pytest.raises(ValueError, match="a fact: the library has no scenario rules/nothing"):
        rules_page(RULES.model_copy(update={"law": [wrong]}), SCENARIOS)
