"""The whole demonstration on virtual time, and what the judge says when something is not as it must be."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog
from rich.console import Console

from ledger.finding import Finding
from ledger.money import Money
from prompts.catalog import ClipId
from scenarios.demo import stage
from scenarios.demo.cast import ACCEPTED, DENIED, PLAN, TALK
from scenarios.demo.ears import Listened, Sounded, Tape, listen
from scenarios.demo.folder import Folder, start_afresh
from scenarios.demo.judge import judge, judge_tape
from scenarios.demo.live import keys_shown, table, talk_seconds, watch_lines, watch_table
from scenarios.demo.report import Report, ladder_items, print_plan
from scenarios.demo.run import report_of, show
from scenarios.demo.scenes import Scene
from scenarios.demo.stage import CONFIG, OverdueError, Performance, Progress, Watch, demo_world, perform
from scenarios.phones.errors import RegistrationError
from scenarios.sim.loop import VirtualLoop
from switch.app.config import parse_config
from switch.app.world import World, build_world
from switch.call.timeline import CALLEE, CALLER, Kind

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def performed(world: World, folder: Folder, watch: Watch | None = None) -> Performance:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(
            perform(
                world,
                folder,
                random=Random(7),
                utc=NOON,
                log=structlog.get_logger("test"),
                watch=watch,
            )
        )


def text_console(width: int = 100) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width), file


class Run:
    """One run, shared by the tests of this module, which change only copies of it."""

    def __init__(self, path: Path) -> None:
        self.folder = start_afresh(path)
        self.world = demo_world()
        self.console, self.lines = text_console()
        self.performance = performed(self.world, self.folder, lambda progress: watch_lines(progress, self.console))
        self.report = report_of(self.performance, self.world, self.folder, seconds=40)

    def judged(self, performance: Performance, **listened: Listened) -> set[str]:
        """What fails, as `call: text`."""
        heard = {**self.report.listened, **listened}
        found = judge(performance, heard, self.folder, self.world.library.catalog)
        return {f"{each.call}: {each.text}" for each in found if not each.is_met}

    def with_scene(self, key: str, **changes: Any) -> Performance:
        """The performance with one scene changed."""
        scenes = tuple(
            replace(scene, **changes) if scene.planned.key == key else scene for scene in self.performance.scenes
        )
        return replace(self.performance, scenes=scenes)

    def scene(self, key: str) -> Scene:
        return next(scene for scene in self.performance.scenes if scene.planned.key == key)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("demo") / "out")


def test_every_expectation_holds(run: Run) -> None:
    assert run.report.failures == []
    assert len(run.report.expectations) > 70


def test_it_is_over_well_within_a_minute(run: Run) -> None:
    assert run.performance.ended_at - run.performance.started_at < 40


def test_the_folder_has_the_book_the_records_and_the_recording(run: Run) -> None:
    records = [json.loads(line) for line in run.folder.calls.read_text().splitlines()]
    assert sorted(record["why"] for record in records) == sorted(planned.why.value for planned in PLAN)
    accepted = next(record for record in records if record["charged"] != "0")
    assert [path.name for path in run.folder.recordings.iterdir()] == [accepted["recording"]]
    assert run.folder.book.read_bytes().startswith(b"SQLite format 3")


def test_no_pin_stands_in_anything_that_is_left_or_shown(run: Run) -> None:
    console, shown = text_console()
    show(run.report, console, as_json=False)
    pins = [row.pin.get_secret_value() for row in run.world.config.people]
    texts = [shown.getvalue(), run.lines.getvalue(), run.folder.report.read_text(), run.folder.calls.read_text()]
    keys = [line for text in texts for line in text.splitlines() if " key" in line]
    assert keys and not any(pin in line for pin in pins for line in keys)
    assert all(keys_shown(scene).startswith("••••") for scene in run.performance.scenes)


def test_what_happens_is_printed_as_it_happens(run: Run) -> None:
    lines = run.lines.getvalue().splitlines()
    assert any("jordan → +14155550123" in line and "accepted: the meter starts" in line for line in lines)
    assert any("alex → +14155550176" in line and "denied: cell-phone" in line for line in lines)
    times = [float(line.split()[0]) for line in lines]
    assert times[-1] - times[0] > 30


def test_the_calls_go_on_side_by_side(run: Run) -> None:
    records = [scene.record for scene in run.performance.scenes if scene.planned is not DENIED and scene.record]
    assert len(records) == 4
    assert max(record.started_at for record in records) < min(record.ended_at for record in records)


def test_the_plan_is_told_before_the_calls() -> None:
    console, shown = text_console()
    print_plan(console)
    lines = shown.getvalue().splitlines()
    assert lines[0].startswith("4 calls side by side, then one more")
    assert all(any(planned.title in line and planned.number in line for line in lines) for planned in PLAN)


def test_all_is_shown_and_the_exit_code_is_0(run: Run) -> None:
    console, shown = text_console()
    assert show(run.report, console, as_json=False) == 0
    text = shown.getvalue()
    for planned in PLAN:
        assert planned.title in text
    assert "“You have ten seconds left.”" in text and "“Goodbye, Casey.”" in text
    assert "2 × 6 s at 0.25 a minute  0.05" in text
    assert "the book balances" in text and str(run.folder.book) in text
    assert [line for line in text.splitlines() if len(line) > 100 and str(run.folder.path) not in line] == []


def test_one_failure_makes_the_exit_code_1_and_is_named(run: Run) -> None:
    failing = replace(run.report.expectations[0], is_met=False, text="pigs fly", found="they walk")
    console, shown = text_console()
    report = Report(run.performance, run.report.listened, [failing], run.folder, 40)
    assert show(report, console, as_json=False) == 1
    assert "✗ pigs fly  they walk" in shown.getvalue()
    assert "1 of 1 expectations failed" in shown.getvalue()


def test_facts_are_json_with_amounts_as_text(run: Run) -> None:
    console, shown = text_console()
    assert show(run.report, console, as_json=True) == 0
    facts = json.loads(shown.getvalue())
    assert facts["ok"] is True and facts["audit"]["clean"] is True
    accepted = facts["calls"][0]
    assert accepted["record"]["charged"] == "0.075"
    assert [hold["captured"] for hold in accepted["holds"]] == ["0.025"] * 3
    charge = next(entry for entry in facts["entries"] if entry["kind"] == "charge")
    assert {each["account"]: each["amount"] for each in charge["postings"]} == {
        "advancepay:+14155550123": "-0.075",
        "income:calls:advancepay": "0.075",
    }


def test_the_ladder_has_what_each_party_heard_the_other_say(run: Run) -> None:
    items = ladder_items(run.scene("accepted"), run.report.listened["accepted"])
    said = [(item.source, item.text) for item in items if item.kind is Kind.WORDS and item.source != "switch"]
    assert said == [
        (CALLEE, "Jordan, please try again."),
        (CALLER, "Casey, thank you."),
        (CALLEE, "You have nothing in your account."),
        (CALLER, "Thank you, Casey."),
        (CALLEE, "Please try again."),
        (CALLER, "Goodbye, Casey."),
        (CALLEE, "Goodbye, Jordan."),
    ]


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"why": "hung-up"}, "accepted: ends for the reason funds-exhausted"),
        ({"ended_by": "caller"}, "accepted: is ended by the switch"),
        ({"talk": TALK + timedelta(microseconds=1)}, "accepted: talk in seconds is exactly 18.0"),
        ({"charged": Money(75_001)}, "accepted: is charged exactly 0.075"),
        ({"billing": "collect"}, "accepted: is billed advancepay"),
        ({"rang_at": None}, "accepted: of the called phone the record says that it rings"),
        ({"recording": None}, "accepted: is recorded"),
    ],
)
def test_a_record_that_differs_is_found(run: Run, change: dict[str, Any], failure: str) -> None:
    record = run.scene("accepted").record
    assert record is not None
    assert failure in run.judged(run.with_scene("accepted", record=replace(record, **change)))


def test_a_call_without_a_record_is_found(run: Run) -> None:
    assert "denied: the call has a record" in run.judged(run.with_scene("denied", record=None))


def test_people_who_could_not_go_on_are_found(run: Run) -> None:
    failures = run.judged(run.with_scene("refused", fault="the call is over"))
    assert failures == {"refused: its people can do all they mean to"}


def test_a_second_ringing_of_the_number_that_blocked_is_found(run: Run) -> None:
    twice = run.performance.invites + Counter({DENIED.number: 1})
    failures = run.judged(replace(run.performance, invites=twice))
    assert failures == {"denied: +14155550145 rings once in all"}


def test_speech_before_acceptance_is_found(run: Run) -> None:
    listened = run.report.listened["accepted"]
    accepting_at = run.scene("accepted").accepting_at
    assert accepting_at is not None
    early = Sounded(ClipId("caller/asking"), accepting_at - 5, accepting_at - 4)
    heard = replace(listened, outside=(early, *listened.outside))
    assert run.judged(run.performance, accepted=heard) == {
        "accepted: the called party hears nothing of the other before acceptance, though it is said",
        "accepted: the called party hears every sentence of the other after acceptance, in order",
    }


def test_a_warning_that_is_late_and_one_that_is_missing_are_found(run: Run) -> None:
    listened = run.report.listened["accepted"]
    late = tuple(
        replace(each, at=each.at + 1) if each.name == "warning/5" else each
        for each in listened.inside
        if each.name != "warning/10"
    )
    assert run.judged(run.performance, accepted=replace(listened, inside=late)) == {
        "accepted: the caller is warned once, when 10 s are left",
        "accepted: the caller is warned once, when 5 s are left",
    }


def test_a_phone_that_heard_nothing_fails_every_word(run: Run) -> None:
    failures = run.judged(run.performance, unbillable=Listened((), ()))
    assert len(failures) == 1 and next(iter(failures)).startswith("unbillable: the caller hears “For a collect call")


def test_a_bye_that_is_late_is_found(run: Run) -> None:
    scene = run.scene("accepted")
    assert scene.accepting_at is not None
    failures = run.judged(run.with_scene("accepted", accepting_at=scene.accepting_at - 0.3))
    assert "accepted: the caller gets BYE at the last paid instant" in failures


def test_a_recording_that_is_gone_is_found(run: Run, tmp_path: Path) -> None:
    found = judge(run.performance, run.report.listened, Folder(tmp_path), run.world.library.catalog)
    assert [each.text for each in found if not each.is_met] == ["the recording can be played"]


LEFT = tuple(Sounded(ClipId(f"caller/{name}"), 0, 1) for name in ("asking", "thanks", "goodbye"))
RIGHT = tuple(Sounded(ClipId(f"callee/{name}"), 0, 1) for name in ("hello", "money", "again", "goodbye"))


@pytest.mark.parametrize(
    ("tape", "failures"),
    [
        (Tape(2, 18.1, LEFT, RIGHT), 0),
        (Tape(1, 18.0, LEFT, RIGHT), 1),
        (Tape(2, 17.5, LEFT, RIGHT), 1),
        (Tape(2, 18.0, RIGHT, LEFT), 2),
        (Tape(2, 18.0, LEFT, (*RIGHT, LEFT[0])), 1),
    ],
)
def test_a_recording_has_one_party_a_channel_and_the_length_of_the_talk(tape: Tape, failures: int) -> None:
    assert sum(not each.is_met for each in judge_tape("accepted", TALK, tape)) == failures


def test_money_that_is_not_where_it_belongs_is_found(run: Run) -> None:
    accounts = tuple(replace(each, balance=each.balance + Money(1)) for each in run.performance.accounts)
    failures = run.judged(replace(run.performance, accounts=accounts))
    assert "book: advancepay:+14155550123 ends with 0" in failures
    assert "book: all balances sum to zero" in failures


def test_a_hold_that_is_left_and_a_floor_that_is_passed_are_found(run: Run) -> None:
    accounts = tuple(replace(each, held=Money(1)) for each in run.performance.accounts)
    assert run.judged(replace(run.performance, accounts=accounts)) == {
        "book: nothing is held any more",
        "book: nobody is below the floor",
    }


def test_a_charge_that_is_missing_and_a_finding_of_the_audit_are_found(run: Run) -> None:
    audit = replace(run.performance.audit, findings=(Finding("chain", "entry 1", "it is gone", "restore"),))
    assert run.judged(replace(run.performance, entries=(), audit=audit, open_calls=1)) == {
        "book: one charge is booked, of the accepted call",
        "book: no call is open",
        "book: the audit of all 5 calls is clean",
    }


def test_with_less_money_the_run_ends_and_says_what_was_not_as_planned(tmp_path: Path) -> None:
    text = CONFIG.read_text().replace('advancepay = "0.075"', 'advancepay = "0.05"')
    world = build_world(parse_config(text, "poor.toml"), "poor.toml", CONFIG.parent)
    folder = start_afresh(tmp_path / "out")
    report = report_of(performed(world, folder), world, folder, seconds=1)
    failures = {each.text: each.found for each in report.failures}
    assert failures["talk in seconds is exactly 18.0"] == "12.0"
    assert failures["is charged exactly 0.075"] == "0.05"
    assert failures["its people can do all they mean to"].startswith("the call is over")


def test_with_no_money_nobody_waits_for_a_phone_that_never_rings(tmp_path: Path) -> None:
    text = CONFIG.read_text().replace('advancepay = "0.075"', 'advancepay = "0"')
    world = build_world(parse_config(text, "poor.toml"), "poor.toml", CONFIG.parent)
    folder = start_afresh(tmp_path / "out")
    terminal = Console(file=io.StringIO(), width=100, height=40, force_terminal=True)
    performance = performed(world, folder, lambda progress: watch_table(progress, terminal))
    scene = performance.scene(ACCEPTED)
    assert isinstance(terminal.file, io.StringIO)
    assert "casey's phone never rang" in terminal.file.getvalue()
    assert scene.fault == "casey's phone never rang, and the caller's call ended"
    assert scene.record is not None and scene.record.why == "no-funds"
    report = report_of(performance, world, folder, seconds=1)
    assert show(report, text_console()[0], as_json=False) == 1


def test_a_run_that_hangs_is_ended_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "SECONDS_MAX", 4.0)
    with pytest.raises(
        OverdueError, match=r"did not end within 4 s.*blocked with 7: 180 Ringing to INVITE; the next call"
    ):
        performed(demo_world(), start_afresh(tmp_path / "out"))


def test_a_password_that_is_wrong_is_told_as_such(tmp_path: Path) -> None:
    world = demo_world()
    world = replace(world, passwords={**world.passwords, "casey": "another"})
    with pytest.raises(RegistrationError, match=r"not registered: 40[13]"):
        performed(world, start_afresh(tmp_path / "out"))


def test_the_live_table_follows_a_call(run: Run) -> None:
    scene = replace(run.scene("accepted"), record=None)
    assert scene.accepting_at is not None and scene.outside is not None and scene.outside.ended_at is not None
    assert talk_seconds(scene, scene.outside.ended_at + 5) == pytest.approx(18, abs=0.1)
    assert talk_seconds(replace(scene, accepting_at=None), 0) is None
    assert talk_seconds(run.scene("accepted"), 0) == 18


class Somewhere:
    """As much of a switch as the table looks at."""

    address = ("127.0.0.1", 5060)


def test_the_live_table_has_a_row_a_call_and_says_what_is_not_planned(run: Run) -> None:
    scene = run.scene("accepted")
    assert scene.record is not None
    scenes = (
        scene,
        replace(scene, record=replace(scene.record, why="fault")),
        replace(scene, record=None),
        replace(scene, record=None, timeline=None),
        Scene(ACCEPTED, "0000"),
        replace(scene, fault="the phone never rang"),
    )
    progress = Progress(Somewhere(), scenes, 0.0)  # type: ignore[arg-type]
    drawn = table(progress, {}, now=1.0)
    console, shown = text_console()
    console.print(drawn)
    lines = shown.getvalue().splitlines()
    assert drawn.row_count == len(scenes)
    for words in ("ended: funds-exhausted", "ended: fault", "dialling", "not dialled yet", "the phone never rang"):
        assert any(words in line for line in lines)
    assert max(map(len, lines)) <= 100
    assert any("18.0 s" in line and "0.075" in line for line in lines)


def test_listening_to_a_call_that_never_was_hears_nothing(run: Run) -> None:
    assert listen(Scene(ACCEPTED, "0000"), run.performance.voices, run.world.library) == Listened((), ())
