"""The page of a run: an index of its scenarios and, for each, what was expected and all of its calls.

One file without anything from elsewhere: it can be mailed, kept and opened anywhere, and read without scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scenarios.play.result import CallSeen, Checked, Result, Verdict
from scenarios.report import facts
from scenarios.report.messages import Message, messages
from scenarios.report.pen import printable
from scenarios.report.seen import entries
from scenarios.report.strip import end_of, strip
from scenarios.report.svg import svg
from switch.call.timeline import SWITCH

SMALL_STRIP: Final = (150.0, 14.0)
STRIPS_MAX: Final = 4
"""Calls of a scenario shown at a glance in the index; more are counted."""

NEAR_SECONDS: Final = 1.0
"""An expectation judged so soon after a call still concerns it."""

ORDER: Final = {Verdict.WRONG: 0, Verdict.FAILED: 1, Verdict.PASSED: 2}


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call as the page has it."""

    name: str
    """Begins every id of it."""
    seen: CallSeen
    title: str
    headline: Sequence[tuple[str, str]]
    strip: Markup
    ladder: Markup
    messages: Sequence[tuple[Message, str, str]]
    """Each with who sent it to whom."""
    record: Sequence[tuple[str, str]]
    explanation: str
    entries: Sequence[tuple[str, str, Sequence[Any]]]
    """Name, kind and postings."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A scenario as the page has it."""

    name: str
    result: Result
    fault: str
    """What went wrong beyond the expectations that failed."""
    missed: Sequence[Checked]
    met: Sequence[Checked]
    strips: Sequence[Markup]
    calls: Sequence[CallShown]


def write_html(results: Sequence[Result], path: Path) -> None:
    """Write the page of a run."""
    path.write_text(page(results), encoding="utf-8")


def page(results: Sequence[Result]) -> str:
    """The page of a run: failed scenarios first in its index, else in the order given."""
    shown = [_shown(f"s{number}", result) for number, result in enumerate(results, start=1)]
    shown.sort(key=lambda each: ORDER[each.result.verdict])
    virtual, real = sum(each.virtual_seconds for each in results), sum(each.real_seconds for each in results)
    counts = {verdict.value: sum(each.verdict is verdict for each in results) for verdict in Verdict}
    checks = [check for each in results for check in each.expectations]
    template = _environment().get_template("page.html")
    return template.render(
        scenarios=shown,
        counts=counts,
        calls=sum(len(each.calls) for each in results),
        checks=len(checks),
        checks_missed=sum(not check.is_met for check in checks),
        virtual=virtual,
        real=real,
        is_live=any(each.is_live for each in results),
    )


def checks_of(result: Result, call: CallSeen) -> list[Checked]:
    """Expectations judged while this call lasted, and no other did: the ladder can show them."""

    def covers(each: CallSeen, at: float) -> bool:
        return each.since - NEAR_SECONDS <= at <= end_of(each) + NEAR_SECONDS

    return [
        check
        for check in result.expectations
        if check.at is not None and [each for each in result.calls if covers(each, check.at)] == [call]
    ]


def _shown(name: str, result: Result) -> Shown:
    width, height = SMALL_STRIP
    return Shown(
        name=name,
        result=result,
        fault="" if any(check.found and check.found in result.fault for check in result.failures) else result.fault,
        missed=result.failures,
        met=[check for check in result.expectations if check.is_met],
        strips=[
            Markup(strip(call, width=width, height=height, is_small=True))  # noqa: S704 - drawn and escaped by us
            for call in result.calls[:STRIPS_MAX]
        ],
        calls=[_call(f"{name}c{number}", result, call) for number, call in enumerate(result.calls, start=1)],
    )


def _call(name: str, result: Result, call: CallSeen) -> CallShown:
    ladder = svg(call, prefix=name, checks=checks_of(result, call), is_alone=False, is_linked=True)
    return CallShown(
        name=name,
        seen=call,
        title=facts.title(call),
        headline=facts.headline(call),
        strip=Markup(strip(call)),  # noqa: S704 - drawn and escaped by us
        ladder=Markup(ladder),  # noqa: S704 - drawn and escaped by us
        messages=[
            (message, *((SWITCH, message.party) if message.is_from_switch else (message.party, SWITCH)))
            for message in messages(call)
        ],
        record=facts.record_rows(call),
        explanation=facts.explanation(call),
        entries=[(entry, kind, postings) for (entry, kind), postings in entries(call).items()],
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("scenarios.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.filters["breakable"] = lambda name: Markup(":<wbr>").join(printable(name).split(":"))
    environment.filters["seconds"] = lambda value: f"{value:,.2f} s" if value < 100 else f"{value:,.0f} s"
    return environment


def _finalized(value: Any) -> Any:
    """Data without characters that a page cannot have; what was drawn is clean already."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
