"""The report of a run, and its facts."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from scenarios.load.knee import Step
from scenarios.load.measures import Measure
from scenarios.load.outcome import facts, judge, knee_facts, step_of, warnings_of
from scenarios.load.page import page_of
from scenarios.load.plan_file import parse_plan
from scenarios.load.tally import Tally

PLAN = parse_plan(
    """
load: "calls & <b>others</b>"
stages: [{rate: 20/s, for: 3s}]
callees: {number: "{n}"}
mix: [{behaviour: accept}, {behaviour: busy}]
thresholds: [p99 setup < 150ms, failed < 0.1%]
""",
    "plan.yaml",
)
TARGET = ("127.0.0.1", 5060)


class Reader(HTMLParser):
    """Takes note of tags and of everything a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]


def counted(*, failures: int = 0) -> Tally:
    tally = Tally()
    for index in range(60):
        tally.time(Measure.SETUP, "accept", 0.02 + index / 1000)
        tally.finish("accept", "status 503" if index < failures else None)
        row = tally.second(index // 20)
        row.intended += 1
        row.failed += index < failures
        row.setup_p50, row.setup_p99, row.setup_max = 0.03, 0.05, 0.06
    tally.started, tally.elapsed = 60, 3.0
    return tally


def drawn(tally: Tally, steps: tuple[Step, ...] = ()) -> tuple[str, Reader]:
    outcome = judge(PLAN, TARGET, tally, was_stopped=False)
    page = page_of(outcome, made_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC), steps=steps)
    reader = Reader()
    reader.feed(page)
    return page, reader


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    page, reader = drawn(counted(failures=3))
    assert reader.fetched == []
    assert "script" not in reader.tags and "link" not in reader.tags and "b>others" not in page
    assert "@import" not in page and not re.search(r"url\((?!#)", page)
    assert reader.tags.count("svg") == 6


def test_the_page_says_what_broke_and_how_often() -> None:
    page, _ = drawn(counted(failures=3))
    assert ">broken<" in page and "status 503" in page and "accept 3" in page and "calls &amp; &lt;b&gt;" in page
    page, reader = drawn(counted())
    assert ">kept<" in page and ">broken<" not in page and reader.tags.count("svg") == 5


def test_the_page_of_a_run_without_a_single_call_has_no_plots() -> None:
    page, reader = drawn(Tally())
    assert "svg" not in reader.tags and ">broken<" in page


def test_the_page_of_a_search_tells_every_step() -> None:
    page, _ = drawn(counted(), (Step(20, True), Step(40, False, "p99 setup < 150ms (2 s)")))
    assert "40/s" in page and "p99 setup &lt; 150ms (2 s)" in page


def test_the_facts_are_json_and_agree_with_the_tally() -> None:
    told = json.loads(json.dumps(facts(judge(PLAN, TARGET, counted(failures=3), was_stopped=False))))
    assert told["calls"] == {"started": 60, "finished": 60, "succeeded": 57, "failed": 3, "in_progress_max": 0}
    assert told["passed"] is False and [item["kept"] for item in told["thresholds"]] == [True, False]
    assert told["failures"] == [{"class": "status 503", "count": 3, "kinds": {"accept": 3}}]
    assert told["rate_per_second"] == 20
    assert len(told["seconds"]) == 3


def test_a_generator_that_was_the_bottleneck_is_told_and_puts_only_a_failed_step_in_doubt() -> None:
    tally = counted()
    outcome = judge(PLAN, TARGET, tally, was_stopped=False)
    assert outcome.has_passed and step_of(outcome, 20).has_passed and warnings_of(tally) == []
    tally.generator.busiest, tally.generator.lag_max, tally.generator.late_starts = 0.97, 0.2, 30
    outcome = judge(PLAN, TARGET, tally, was_stopped=False)
    step = step_of(outcome, 20)
    assert len(outcome.warnings) == 3 and step.has_passed and not step.is_in_doubt
    tally.finish("accept", "status 503")
    step = step_of(judge(PLAN, TARGET, tally, was_stopped=False), 20)
    assert not step.has_passed and step.is_in_doubt and knee_facts((step,))["in_doubt"]


def test_audio_that_reached_another_call_is_a_warning_and_stray_answers_are_none() -> None:
    tally = counted()
    tally.generator.strays.update({"audio of another call": 3, "stray_response": 5})
    assert warnings_of(tally) == ["3 times: audio of another call"]


def test_a_search_ends_with_the_rate_below_all_that_failed() -> None:
    steps = (Step(20, True), Step(40, False), Step(30, False), Step(25, True))
    assert knee_facts(steps)["rate_per_second"] == 25
    assert knee_facts((Step(20, False),))["rate_per_second"] is None
