"""What must hold after a scenario: what it expects of the end, and what must hold after every one."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from ledger.audit import audit_snapshot
from ledger.entries import Entry, EntryKind
from ledger.money import ZERO, total
from ledger.product_rows import read_rows
from ledger.products.card_requests import payment_of_refund
from ledger.products.card_rows import CardPayment, CardRefund, CardRefundState, CardState
from ledger.products.rows import Allowance
from ledger.reads import read_accounts, read_calls, read_entries, read_open_calls
from ledger.records import CallRecord, OpenCall
from ledger.rows import Account
from scenarios.language.expectations import After, Record
from scenarios.language.flows import concerned, difference, flow_text
from scenarios.language.quantities import seconds_text
from scenarios.play.charged import charge_lines, explained
from scenarios.play.result import Checked
from scenarios.play.stage import Stage
from switch.directory.flags import Flags

TAPE_ERROR_MAX: Final = 0.1
"""Seconds by which a recording may differ from the talk: whole frames, and the wait for the next one."""


async def judge_after(stage: Stage, wanted: After) -> list[Checked]:
    """Compare the end with what was expected of it."""
    line = stage.setting.scenario.source.line
    found: list[Checked] = []
    async with stage.reading() as book:
        left = await book.read(_read_left)
    records = sorted(left.records, key=lambda record: (record.started_at, record.call_id))
    accounts, entries = {account.account_id: account for account in left.accounts}, left.entries
    cards = sorted(left.cards, key=lambda row: row.asked_at)
    refunds = sorted(left.refunds, key=lambda row: row.refund_id)
    for owner, amount in (wanted.balance or {}).items():
        account = accounts.get(stage.account_id(owner))
        is_met = (ZERO if account is None else account.balance) == amount and account is not None
        text = "no account" if account is None else str(account.balance)
        found.append(
            Checked(
                f"balance of {owner} is {amount}", is_met=is_met, found=text, line=line(("after", "balance", owner))
            )
        )
    found += _records(stage, wanted, records, entries)
    found += _free(wanted, left.free, line)
    if wanted.cards is not None:
        became = [_became(card, refunds) for card in cards]
        text, shown = f"cards: {', '.join(wanted.cards)}", ", ".join(became)
        found.append(Checked(text, is_met=became == wanted.cards, found=shown, line=line(("after", "cards"))))
    counts = stage.messages()
    for name, count in (wanted.messages or {}).items():
        text = f"{counts[name]}"
        place = ("after", "messages", name)
        found.append(Checked(f"{name}: {count}", is_met=counts[name] == count, found=text, line=line(place)))
    found += _flows(stage, wanted)
    if wanted.alerts is not None:
        told = [f"{alert['watch']}: {alert['event']}" for alert in stage.life.alerts]
        text, shown = f"alerts: {', '.join(wanted.alerts)}", ", ".join(told) or "none"
        found.append(Checked(text, is_met=told == wanted.alerts, found=shown, line=line(("after", "alerts"))))
    if wanted.flags is not None:
        async with stage.reading() as book:
            kept = [f"{each.suspicion.value}, {each.source.value}" for each in await Flags(book).latest()]
        text, shown = f"flags: {'; '.join(wanted.flags)}", "; ".join(kept) or "none"
        found.append(Checked(text, is_met=kept == wanted.flags, found=shown, line=line(("after", "flags"))))
    for key, kind, wished in (
        ("charges", EntryKind.CHARGE, wanted.charges),
        ("refunds", EntryKind.REFUND, wanted.refunds),
    ):
        if wished is not None:
            booked = sum(entry.draft.kind is kind for entry in entries)
            text = f"{booked}"
            found.append(Checked(f"{key}: {wished}", is_met=booked == wished, found=text, line=line(("after", key))))
    return found


@dataclass(frozen=True, slots=True)
class _Left:
    """What a book has at the end."""

    records: Sequence[CallRecord]
    open_calls: Sequence[OpenCall]
    accounts: Sequence[Account]
    entries: Sequence[Entry]
    free: Sequence[Allowance]
    cards: Sequence[CardPayment]
    refunds: Sequence[CardRefund]


def _read_left(connection: Connection) -> _Left:
    """All of it, from one snapshot."""
    return _Left(
        read_calls(connection),
        read_open_calls(connection),
        read_accounts(connection),
        read_entries(connection),
        list(read_rows(connection, Allowance)),
        list(read_rows(connection, CardPayment)),
        list(read_rows(connection, CardRefund)),
    )


def _free(
    wanted: After, allowances: Sequence[Allowance], line: Callable[[tuple[str | int, ...]], int | None]
) -> Iterator[Checked]:
    """What each person has used of allowances and caps."""
    for person, span in (wanted.free_used or {}).items():
        used = sum(each.used_seconds for each in allowances if each.key.partition("/")[2] == person)
        text = f"{person} has used {seconds_text(span.seconds)} of free talk"
        is_met, at = span.fits(used), line(("after", "free used", person))
        yield Checked(text, is_met=is_met, found=f"{used} s", line=at)


def _flows(stage: Stage, wanted: After) -> Iterator[Checked]:
    for key, flows in (("flow", wanted.flow), ("flow with retransmissions", wanted.flow_with_retransmissions)):
        for name, flow in (flows or {}).items():
            seen = concerned(flow, stage.actor(name).flow(is_whole=key != "flow"))
            problem = difference(flow, seen)
            place = ("after", key, name)
            line = stage.setting.scenario.source.line(place)
            text = f"{key} of {name} is {flow_text(flow)}"
            yield Checked(text, is_met=not problem, found=problem or "so it is", line=line)


def _records(stage: Stage, wanted: After, records: Sequence[CallRecord], entries: Sequence[Entry]) -> Iterator[Checked]:
    line = stage.setting.scenario.source.line
    if wanted.record is not None:
        if len(records) == 1:
            yield from _record(stage, wanted.record, records[0], entries, ("after", "record"))
        else:
            text = "one call has a record"
            yield Checked(text, is_met=False, found=f"{len(records)} have", line=line(("after", "record")))
    if isinstance(wanted.records, list):
        text = f"{len(wanted.records)} calls have records"
        is_met = len(records) == len(wanted.records)
        yield Checked(text, is_met=is_met, found=f"{len(records)}", line=line(("after", "records")))
        for index, (each, record) in enumerate(zip(wanted.records, records, strict=False)):
            yield from _record(stage, each, record, entries, ("after", "records", index))
    elif wanted.records is not None:
        for name, each in wanted.records.items():
            of_actor = [record for record in records if record.station == name.removeprefix("station ")]
            place = ("after", "records", name)
            if of_actor:
                yield from _record(stage, each, of_actor[-1], entries, place)
            else:
                yield Checked(f"a call of {name} has a record", is_met=False, found="none has", line=line(place))


def _record(
    stage: Stage, wanted: Record, record: CallRecord, entries: Sequence[Entry], place: tuple[str | int, ...]
) -> Iterator[Checked]:
    """Every field that is wanted, compared with the record's."""
    facts: dict[str, Any] = {
        "why": record.why,
        "ended by": record.ended_by,
        "charged": record.charged,
        "billing": record.billing,
        "payer": record.payer,
        "person": record.person,
        "station": record.station,
        "number": record.number,
        "tariff": record.tariff,
        "rang": record.rang_at is not None,
        "answered": record.answered_at is not None,
        "accepted": record.accepted_at is not None,
    }
    for key in wanted.order:
        at = stage.setting.scenario.source.line((*place, key))
        if key == "talk":
            assert wanted.talk is not None
            seconds = record.talk.total_seconds()
            yield Checked(f"talk is {wanted.talk}", is_met=wanted.talk.fits(seconds), found=f"{seconds:g} s", line=at)
        elif key == "recorded":
            problem = _tape(stage.folder, record, is_wanted=bool(wanted.recorded))
            yield Checked(f"recorded: {wanted.recorded}", is_met=not problem, found=problem or "as expected", line=at)
        elif key == "charge lines":
            yield charge_lines(wanted.charge_lines or {}, record, entries, at)
        elif key == "explained":
            yield from explained(wanted.explained, record, at)
        else:
            value = getattr(wanted, key.replace(" ", "_"))
            text = f"{key}: {value}"
            yield Checked(text, is_met=facts[key] == value, found=str(facts[key]), line=at)


def _became(card: CardPayment, refunds: Sequence[CardRefund]) -> str:
    """What became of a card, and of what it was to have back: `captured 0.05, refunded 0.02`."""
    own = [each for each in refunds if payment_of_refund(each.refund_id) == card.payment_id]
    first = f"{card.state.value} {card.due}" if card.due else card.state.value
    return ", ".join((first, *(f"{each.state.value} {each.amount}" for each in own)))


def _owed_to_the_processor(stage: Stage, cards: Sequence[CardPayment], refunds: Sequence[CardRefund]) -> list[str]:
    """Cards that are not done with, and what book and processor do not agree on."""
    final = {CardState.DECLINED, CardState.CAPTURED, CardState.VOIDED, CardState.REFUSED}
    found = [f"{card.payment_id} is {card.state.value}" for card in cards if card.state not in final]
    found += [f"{each.refund_id} is on its way" for each in refunds if each.state is CardRefundState.REFUNDING]
    processor = stage.life.processor
    if processor is not None:
        if processor.reserved:
            found.append(f"{processor.reserved} is reserved at the processor")
        taken = total(card.due for card in cards if card.state is CardState.CAPTURED) - total(
            each.amount for each in refunds if each.state is CardRefundState.REFUNDED
        )
        if processor.taken != taken:
            found.append(f"the processor took {processor.taken}, by the book {taken}")
    return found


def _tape(folder: Path, record: CallRecord, *, is_wanted: bool) -> str:
    """What is wrong with the recording; empty where nothing is."""
    tapes = sorted(path.name for path in (folder / "recordings").glob(f"{record.call_id}*"))
    if not is_wanted:
        return f"there is a recording: {', '.join(tapes)}" if tapes or record.recording else ""
    if record.recording is None or record.recording not in tapes:
        return "there is no recording"
    with wave.open(str(folder / "recordings" / record.recording)) as tape:
        seconds = tape.getnframes() / tape.getframerate()
        channels = tape.getnchannels()
    talk = record.talk.total_seconds()
    if channels != 2 or abs(seconds - talk) > TAPE_ERROR_MAX:
        return f"it has {channels} channels and {seconds:.2f} s, the talk {talk:.2f} s"
    return ""


async def judge_always(stage: Stage, *, at_rest: dict[str, int] | None) -> list[Checked]:
    """What must hold after every scenario (docs/architecture.md: what must always hold).

    `at_rest` are the gauges of the switch 64·T1 after the last call; None where it did not run then.
    """
    found: list[Checked] = []

    def must(text: str, problems: Sequence[object]) -> None:
        shown = "; ".join(map(str, problems)) or "so it is"
        found.append(Checked(text, is_met=not problems, found=shown))

    async with stage.reading() as book:
        report, rows = await book.read(lambda core: (audit_snapshot(core), _read_left(core)))
    must("the audit of the book is clean", [f"{each.row}: {each.problem}" for each in report.findings])
    must("no money is held", [f"{each.held} of {each.account_id}" for each in rows.accounts if each.held])
    must("no call is left open", [each.call_id for each in rows.open_calls])
    known = {record.call_id for record in rows.records}
    must("every call has one record", [trace.call_id for trace in stage.traces if trace.call_id not in known])
    below = [each for each in rows.accounts if each.floor and each.balance < each.floor]
    must("nobody is below their floor", [f"{each.account_id}: {each.balance}" for each in below])
    if at_rest is not None:
        must(
            "every card is declined, captured, voided or refused",
            _owed_to_the_processor(stage, rows.cards, rows.refunds),
        )
        left = {name: at_rest[name] for name in ("calls", "legs", "transactions") if at_rest[name]}
        must("64·T1 after the last call nothing is left of it", [f"{count} {name}" for name, count in left.items()])
        missing = stage.ports - at_rest["media_ports_free"]
        must("every media port is free again", [f"{missing} are not"] if missing else [])
        must("the switch had no fault", [f"{at_rest['faults']} faults"] if at_rest.get("faults") else [])
    must("the switch logged no error", stage.noise.errors)
    return found
