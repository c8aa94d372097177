"""What must hold after the demonstration, each with what was found.

Records, balances and entries come from the book; who heard whom is judged by what the phones heard and by
what is on the recording.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from ledger.chart import advancepay, call_income
from ledger.entries import EntryKind, Posting
from ledger.money import AccountId, Money, total
from ledger.rows import Account
from prompts.catalog import Catalog, ClipId
from scenarios.demo import voices
from scenarios.demo.cast import ACCEPTED, DENIED, FUNDS, PLAN, WARNINGS, Planned
from scenarios.demo.ears import Listened, Sounded, Tape, listen_to_tape, spoken_by, warning
from scenarios.demo.folder import Folder
from scenarios.demo.scenes import Scene
from scenarios.demo.stage import Performance
from switch.call.timeline import CALLEE, CALLER

CUT_ERROR_MAX: Final = 0.25
"""Seconds between the last paid instant and the BYE at a phone. The switch is good for 50 ms; the rest is
for a busy machine that also draws a table."""

WARNING_ERROR_MAX: Final = 0.4
"""Seconds a warning may be heard late: an overlay waits for no one, the phone's clock is free of jitter."""

TAPE_ERROR_MAX: Final = 0.25
"""Seconds by which a recording may differ from the talk: whole frames, and the wait for the next one."""

SAID_TO_CALLEE: Final = (voices.ASKING, voices.THANKS, voices.BYE_INSIDE)
SAID_TO_CALLER: Final = (voices.HELLO, voices.MONEY, voices.AGAIN, voices.BYE_OUTSIDE)


class Source(Enum):
    """What an expectation is judged from."""

    PEOPLE = "people"
    RECORD = "record"
    PHONES = "phones"
    RECORDING = "recording"
    BOOK = "book"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold."""

    call: str
    """The key of the call, or `book`."""
    source: Source
    text: str
    is_met: bool
    found: str


def judge(
    performance: Performance, listened: Mapping[str, Listened], folder: Folder, catalog: Catalog
) -> list[Expectation]:
    """Every expectation, met or not, in the order of the calls."""
    found: list[Expectation] = []
    for scene in performance.scenes:
        found += _acted(scene)
        found += _record(scene)
        found += _prompts(scene, listened[scene.planned.key], catalog)
        if scene.planned.talk and scene.accepting_at is not None:
            found += _talk(scene, listened[scene.planned.key])
            found += _tape(scene, performance, folder)
    found += _ringing(performance)
    found += _book(performance)
    return found


def _acted(scene: Scene) -> Iterator[Expectation]:
    """Its people came as far as they meant to."""
    text = "its people can do all they mean to"
    yield Expectation(scene.planned.key, Source.PEOPLE, text, is_met=not scene.fault, found=scene.fault or "done")


def _record(scene: Scene) -> Iterator[Expectation]:
    """Why, who ended it, the talk and the charge: exactly."""
    planned, record = scene.planned, scene.record
    if record is None:
        yield Expectation(planned.key, Source.RECORD, "the call has a record", is_met=False, found="none")
        return

    def same(what: str, wanted: object, got: object) -> Expectation:
        return Expectation(planned.key, Source.RECORD, f"{what} {wanted}", is_met=wanted == got, found=str(got))

    yield same("ends for the reason", planned.why.value, record.why)
    yield same("is ended by the", planned.ended_by, record.ended_by)
    yield same("talk in seconds is exactly", planned.talk.total_seconds(), record.talk.total_seconds())
    yield same("is charged exactly", str(planned.charged), str(record.charged))
    yield same("is billed", planned.billing, record.billing)
    yield same("calls", planned.number, record.number)
    rang = "it rings" if record.rang_at is not None else "it does not ring"
    wanted = "it rings" if planned.rings else "it does not ring"
    yield same("of the called phone the record says that", wanted, rang)
    is_met = (record.recording is not None) == bool(planned.talk)
    text = "is recorded" if planned.talk else "is not recorded"
    yield Expectation(planned.key, Source.RECORD, text, is_met=is_met, found=record.recording or "no recording")


def _prompts(scene: Scene, listened: Listened, catalog: Catalog) -> Iterator[Expectation]:
    """The words that must have come to each ear."""
    planned = scene.planned
    sides = (
        ("caller", planned.heard_inside, listened.inside),
        ("called party", planned.heard_outside, listened.outside),
    )
    for who, wanted, heard in sides:
        if wanted:
            missing = [clip for clip in wanted if clip not in _names(heard)]
            text = f"the {who} hears {_quoted(wanted, catalog)}"
            found = f"not heard: {_quoted(missing, catalog)}" if missing else "recognised in its audio"
            yield Expectation(planned.key, Source.PHONES, text, is_met=not missing, found=found)


def _talk(scene: Scene, listened: Listened) -> Iterator[Expectation]:
    """Speech both ways only after acceptance, the warnings, and the cut, as the phones have it."""
    assert scene.accepting_at is not None and scene.outside is not None and scene.inside is not None
    key, accepted = scene.planned.key, scene.accepting_at
    ears = (
        ("called party", listened.outside, CALLER, SAID_TO_CALLEE),
        ("caller", listened.inside, CALLEE, SAID_TO_CALLER),
    )
    for who, sounded, speaker, sentences in ears:
        said = spoken_by(speaker, sounded)
        early = [each for each in said if each.at < accepted]
        text = f"the {who} hears nothing of the other before acceptance, though it is said"
        yield Expectation(key, Source.PHONES, text, is_met=not early, found=_times(early, accepted))
        wanted = [sentence.name for sentence in sentences]
        text = f"the {who} hears every sentence of the other after acceptance, in order"
        yield Expectation(
            key, Source.PHONES, text, is_met=[each.name for each in said] == wanted, found=_times(said, accepted)
        )
        for left in WARNINGS:
            due = accepted + (scene.planned.talk - left).total_seconds()
            at = [each.at for each in sounded if each.name == warning(left)]
            is_met = len(at) == 1 and abs(at[0] - due) <= WARNING_ERROR_MAX
            text = f"the {who} is warned once, when {left.total_seconds():.0f} s are left"
            yield Expectation(
                key,
                Source.PHONES,
                text,
                is_met=is_met,
                found=", ".join(f"{t - due:+.3f} s" for t in at) or "not warned",
            )
    cut = accepted + scene.planned.talk.total_seconds()
    for who, call in (("caller", scene.inside), ("called party", scene.outside)):
        error = None if call.ended_at is None else call.ended_at - cut
        is_met = error is not None and abs(error) <= CUT_ERROR_MAX
        found = "no BYE" if error is None else f"{error * 1000:+.0f} ms"
        yield Expectation(
            key, Source.PHONES, f"the {who} gets BYE at the last paid instant", is_met=is_met, found=found
        )


def _tape(scene: Scene, performance: Performance, folder: Folder) -> Iterator[Expectation]:
    """The recording: stereo, one party a channel, from acceptance to the end."""
    key = scene.planned.key
    name = None if scene.record is None else scene.record.recording
    try:
        tape = listen_to_tape(folder.recordings / (name or "none"), performance.voices)
    except (OSError, wave.Error) as error:
        yield Expectation(key, Source.RECORDING, "the recording can be played", is_met=False, found=str(error))
        return
    yield from judge_tape(key, scene.planned.talk, tape)


def judge_tape(key: str, talk: timedelta, tape: Tape) -> Iterator[Expectation]:
    """What a recording of this talk must have on it."""
    yield Expectation(
        key, Source.RECORDING, "the recording is stereo", is_met=tape.channels == 2, found=f"{tape.channels} channels"
    )
    difference = tape.seconds - talk.total_seconds()
    is_met = abs(difference) <= TAPE_ERROR_MAX
    yield Expectation(
        key, Source.RECORDING, "the recording is as long as the talk", is_met=is_met, found=f"{difference:+.2f} s"
    )
    for side, sounded, sentences in (("left", tape.left, SAID_TO_CALLEE), ("right", tape.right, SAID_TO_CALLER)):
        names = [each.name for each in sounded]
        wanted = [sentence.name for sentence in sentences]
        party = sentences[0].speaker
        text = f"its {side} channel has all that the {party} said in the talk, and nothing of the other"
        yield Expectation(key, Source.RECORDING, text, is_met=names == wanted, found=", ".join(names) or "nothing")


def _ringing(performance: Performance) -> Iterator[Expectation]:
    """How often each called phone was reached."""
    wanted: dict[str, int] = {}
    for planned in PLAN:
        wanted[planned.number] = wanted.get(planned.number, 0) + planned.rings
    for number, times in wanted.items():
        rang = performance.invites[number]
        key = DENIED.key if number == DENIED.number else _first(number).key
        yield Expectation(
            key,
            Source.PHONES,
            f"{number} rings {_times_said(times)} in all",
            is_met=rang == times,
            found=f"{rang} INVITE",
        )


def _book(performance: Performance) -> Iterator[Expectation]:
    """The money: charges, balances, floors, holds, and the audit."""
    scene = performance.scene(ACCEPTED)
    charges = [entry for entry in performance.entries if entry.draft.kind is EntryKind.CHARGE]
    wanted = (
        Posting(advancepay(ACCEPTED.number), -FUNDS),
        Posting(call_income(ACCEPTED.billing), FUNDS),
    )
    is_met = (
        len(charges) == 1
        and scene.record is not None
        and charges[0].draft.call_id == scene.record.call_id
        and set(charges[0].draft.postings) == set(wanted)
    )
    yield Expectation(
        "book", Source.BOOK, "one charge is booked, of the accepted call", is_met=is_met, found=f"{len(charges)}"
    )
    after = {account.account_id: account for account in performance.accounts}
    for account_id, balance in expected_balances(performance.opening).items():
        got = after[account_id].balance if account_id in after else None
        is_met = got == balance
        yield Expectation("book", Source.BOOK, f"{account_id} ends with {balance}", is_met=is_met, found=str(got))
    sum_ = total(account.balance for account in performance.accounts)
    yield Expectation("book", Source.BOOK, "all balances sum to zero", is_met=not sum_, found=str(sum_))
    held = total(account.held for account in performance.accounts)
    yield Expectation("book", Source.BOOK, "nothing is held any more", is_met=not held, found=str(held))
    below = [
        each.account_id for each in performance.accounts if each.available is not None and each.available.micros < 0
    ]
    yield Expectation(
        "book", Source.BOOK, "nobody is below the floor", is_met=not below, found=", ".join(below) or "nobody"
    )
    yield Expectation(
        "book", Source.BOOK, "no call is open", is_met=not performance.open_calls, found=f"{performance.open_calls}"
    )
    report = performance.audit
    is_met = report.is_clean and report.calls == len(PLAN)
    found = "; ".join(f"{each.row}: {each.problem}" for each in report.findings) or f"clean, {report.calls} calls"
    yield Expectation("book", Source.BOOK, f"the audit of all {len(PLAN)} calls is clean", is_met=is_met, found=found)


def expected_balances(opening: Iterable[Account]) -> dict[AccountId, Money]:
    """Every account's balance after the calls: the opening ones, changed by what is planned."""
    balances = {account.account_id: account.balance for account in opening}
    for planned in PLAN:
        if planned.charged:
            payer, income = advancepay(planned.number), call_income(planned.billing)
            balances[payer] = balances[payer] - planned.charged
            balances[income] = balances.get(income, Money(0)) + planned.charged
    return balances


def _quoted(clips: Iterable[ClipId], catalog: Catalog) -> str:
    return ", ".join(words if words.startswith("(") else f"“{words}”" for words in (catalog.text([c]) for c in clips))


def _first(number: str) -> Planned:
    return next(planned for planned in PLAN if planned.number == number)


def _names(heard: Iterable[Sounded]) -> set[ClipId]:
    return {each.name for each in heard}


def _times(heard: Iterable[Sounded], since: float) -> str:
    """When each was heard, from the acceptance on."""
    return ", ".join(f"{each.name} at {each.at - since:.1f} s" for each in heard) or "nothing recognised"


def _times_said(times: int) -> str:
    return {0: "never", 1: "once"}.get(times, f"{times} times")
