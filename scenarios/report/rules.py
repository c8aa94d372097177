"""The page of the rules, made from `docs/rules.toml` and from the scenarios that say which rules they show.

`python -m scenarios.report.rules` writes `docs/rules.md` anew.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from scenarios.language.scenario import load_scenario

ROOT: Final = Path(__file__).resolve().parents[2]
TABLE: Final = ROOT / "docs" / "rules.toml"
PAGE: Final = ROOT / "docs" / "rules.md"
LIBRARY: Final = ROOT / "scenarios" / "library"
SYSTEMS: Final = {
    "S1": "GTL ConnectNetwork, California",
    "S2": "How ConnectNetwork works",
    "S3": "Securus, Connecticut",
}
"""The three texts, by the beginning of their rules' ids."""

HEAD: Final = """\
# Rules, and what shows that they work

Made by `make rules` from `docs/rules.toml` and from the scenarios that say `rules: [ID]`; do not edit it by hand.

The rules are what three texts of providers say (S1: GTL ConnectNetwork for California; S2: how ConnectNetwork works;
S3: Securus in Connecticut). **yes**: it works, and a scenario shows it. **partly**: what is said works, the rest does
not exist. **no**: not built. The tests play every scenario of [`scenarios/library`](../scenarios/library/README.md);
one with ☎ also runs on real sockets in real time. What is named here exists, which is itself a test.
"""

Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """One rule of a text."""

    id: Text
    says: Text
    today: Annotated[str, Field(pattern=r"^(yes|partly|no)\b")]
    code: list[Text]
    tests: list[Text]


class Fact(_Part):
    """Something that must hold or must not happen, whoever's system it is."""

    what: Text
    today: Text
    scenarios: list[Text] = []
    tests: list[Text]


class Rules(_Part):
    """All of `docs/rules.toml`."""

    rules: list[Rule]
    law: list[Fact]
    failures: list[Fact]
    not_built: list[Text]


class Shown(_Part):
    """A scenario of the library."""

    name: Text
    """Its path within the library, without `.yaml`."""
    is_live: bool
    rules: frozenset[str]


def load_rules(path: Path = TABLE) -> Rules:
    """Read the table.

    Raises:
        ValidationError: A rule lacks something; the message names it.
    """
    return Rules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def load_library(folder: Path = LIBRARY) -> Mapping[str, Shown]:
    """What every scenario of the library claims, by its name."""
    library = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        header = load_scenario(path).header
        library[name] = Shown(name=name, is_live=header.live, rules=frozenset(header.rules))
    return library


def rules_page(rules: Rules, library: Mapping[str, Shown]) -> str:
    """The page as Markdown.

    Raises:
        ValueError: A fact names a scenario that the library does not have.
    """
    parts = [HEAD]
    for system, title in SYSTEMS.items():
        rows = [_rule_row(rule, library.values()) for rule in rules.rules if rule.id.startswith(system)]
        parts.append(_table(title, ("rule", "what the text says", "today", "code", "scenarios", "tests"), rows))
    heads = ("what", "today", "shown by")
    parts.append(_table("Law and controls", heads, [_fact_row(fact, library) for fact in rules.law]))
    title = "Failures that users of prepaid systems report"
    parts.append(_table(title, ("failure", *heads[1:]), [_fact_row(fact, library) for fact in rules.failures]))
    named = "".join(f"* {what}\n" for what in rules.not_built)
    parts.append(f"## Named in the texts without rules, and not built\n\n{named}")
    return "\n".join(parts)


def claims(rule_id: str, library: Iterable[Shown]) -> list[Shown]:
    """The scenarios that say that they show a rule."""
    return [shown for shown in library if rule_id in shown.rules]


def _rule_row(rule: Rule, library: Iterable[Shown]) -> tuple[str, ...]:
    code = ", ".join(f"[`{path}`](../{path})" for path in rule.code)
    return rule.id, rule.says, rule.today, code, _links(claims(rule.id, library)), _tests(rule.tests)


def _fact_row(fact: Fact, library: Mapping[str, Shown]) -> tuple[str, ...]:
    missing = [name for name in fact.scenarios if name not in library]
    if missing:
        raise ValueError(f"{fact.what}: the library has no scenario {missing[0]}")
    shown = [_links(library[name] for name in fact.scenarios), _tests(fact.tests)]
    return fact.what, fact.today, ", ".join(filter(None, shown))


def _links(scenarios: Iterable[Shown]) -> str:
    return ", ".join(
        f"[`{each.name}`](../scenarios/library/{each.name}.yaml){' ☎' if each.is_live else ''}" for each in scenarios
    )


def _tests(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return f"## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(rules_page(load_rules(), load_library()), encoding="utf-8")
