"""What must always hold, checked after a run: the list of the architecture, from outside and in the book."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from ledger.audit import audit
from ledger.chart import AccountKind, call_income, kind_of
from ledger.hold import HoldState
from ledger.money import AccountId, Money, total
from ledger.product_rows import read_rows
from ledger.products.rows import PendingCharge
from ledger.records import CallRecord
from ledger.store import Book
from rating.price import afford, price
from rating.tariff import Rate
from scenarios.swarm.cards import Cards
from scenarios.swarm.counter import check_counter
from scenarios.swarm.house import PORTS, House, Life
from scenarios.swarm.mailroom import check_mail
from scenarios.swarm.model import EDGE, Claimed, Model, Seen
from scenarios.swarm.model import Money as Moved
from scenarios.swarm.observed import Observed
from scenarios.swarm.people import Taken
from scenarios.swarm.plan import HOUSEHOLD, debit_account
from scenarios.swarm.seen import Pair, seen_of
from scenarios.swarm.ways import Ways
from switch.app.switch import Switch

POST_SECONDS: Final = 15.0
"""Within so much a charge that is due is posted: it is looked for every five seconds at the most here."""


async def check(observed: Observed, house: House, book: Book) -> None:
    """Fill `observed` with records, entries and every fault found."""
    switch = house.switch
    assert switch is not None
    observed.records = tuple(sorted(await book.calls(), key=lambda record: record.call_id))
    observed.entries = await book.entries()
    _check_gone(observed, switch)
    cards = await Cards.of(observed, book)
    pending = await _pending(observed, book)
    fees = await check_counter(observed, book) + await check_mail(observed, book)
    await _check_book(observed, book, Money(cards.earned + fees - sum(pending.values())))
    cards.check()
    cards.check_line()
    observed.cards = cards.rows
    _check_finals(observed)
    _check_sound(observed)
    pairs = _match(observed)
    _check_recordings(observed)
    ways = Ways.of(observed, pairs)
    await ways.check(book, pairs, house.world.library.catalog)
    judged = []
    for pair in pairs:
        seen = seen_of(observed, pair, cards, ways.room(pair.record.call_id))
        judged.append((seen, _claimed(pair.record, pair.life)))
        cards.check_amounts(pair.record, observed.plan.limit_of(pair.call.person, pair.call.number))
        _check_rate(observed, pair.record)
    await _check_money(observed, book, judged, cards, pending)


async def _pending(observed: Observed, book: Book) -> dict[str, int]:
    """What is still to be charged, by account: nothing that was due for long by the clock of the last switch."""
    life = observed.lives[-1]
    due = life.utc + timedelta(seconds=asyncio.get_running_loop().time() - life.began - POST_SECONDS)
    pending: dict[str, int] = {}
    for row in await book.read(lambda connection: tuple(read_rows(connection, PendingCharge))):
        pending[row.payer] = pending.get(row.payer, 0) + row.amount.micros
        if row.posts_at < due:
            observed.faults.append(f"the charge of {row.call_id} was due at {row.posts_at}, and is not posted")
    return pending


def _check_gone(observed: Observed, switch: Switch) -> None:
    """64*T1 after the last call only registrations are left."""
    metrics = switch.metrics()
    left = {name: metrics[name] for name in ("calls", "legs", "transactions") if metrics[name]}
    if left:
        observed.faults.append(f"left over: {left}")
    if metrics["media_ports_free"] != len(PORTS) // 2:
        observed.faults.append(f"left over: {len(PORTS) // 2 - metrics['media_ports_free']} media ports are not free")
    if len(switch.services.timelines):
        observed.faults.append(f"left over: {len(switch.services.timelines)} timelines")
    busy = switch.services.busy
    if busy.people or busy.numbers:
        observed.faults.append(f"left over: {busy} count as busy")
    if switch.services.agent.counters["faults"]:
        observed.faults.append(f"the agent counted {switch.services.agent.counters['faults']} faults of its own")


async def _check_book(observed: Observed, book: Book, besides: Money) -> None:
    """The audit is clean, nothing is held or open, and nothing was created or lost."""
    report = await audit(book)
    observed.faults += [f"audit: {finding}" for finding in report.findings]
    if await book.open_calls():
        observed.faults.append(f"left open: {[call.call_id for call in await book.open_calls()]}")
    placed = await book.holds(state=HoldState.PLACED)
    if placed:
        observed.faults.append(f"still held: {[hold.hold_id for hold in placed]}")
    accounts = await book.accounts()
    if total(account.balance for account in accounts).micros:
        observed.faults.append("balances do not sum to zero")
    earned = total(account.balance for account in accounts if kind_of(account.account_id) is AccountKind.INCOME)
    charged = total(record.charged for record in observed.records)
    if earned != charged + besides:
        observed.faults.append(f"income is {earned}, records charge {charged}, and besides there is {besides}")


def _check_finals(observed: Observed) -> None:
    """Every INVITE got one final response; every answered leg ended once."""
    tap = observed.tap
    ends = [life.ended for life in observed.lives if life.ended is not None]
    for transaction, at in tap.invited.items():
        finals = tap.finals.get(transaction, {})
        for life in observed.lives:
            said = sorted(status for status, told_at in finals.items() if _is_within(life, told_at))
            if len(said) > 1:
                observed.faults.append(f"INVITE {transaction} got {said}")
        is_cut_short = any(at - 1 <= end <= at + 60 for end in ends) or _is_down(observed.lives, at)
        if not finals and not is_cut_short:
            observed.faults.append(f"INVITE {transaction} got no final response")
    for call_id, sent in tap.switch_byes.items():
        if len(sent) > 1 and not ends:
            observed.faults.append(f"the switch said BYE {len(sent)} times in {call_id}")


def _check_sound(observed: Observed) -> None:
    """No call ends by a fault of the switch, where the book did what it was asked."""
    if not observed.troubled:
        observed.faults += [
            f"{record.call_id} ended by a fault" for record in observed.records if record.why == "fault"
        ]


def _is_down(lives: list[Life], at: float) -> bool:
    return not any(_is_within(life, at) for life in lives)


def _is_within(life: Life, at: float) -> bool:
    return life.began <= at and (life.ended is None or at <= life.ended)


def _match(observed: Observed) -> list[Pair]:
    """Find for each record the call as the people remember it."""
    calls = [call for caller in observed.callers for call in caller.dialled]
    begun: dict[str, list[float]] = {}
    for (call_id, _, _), at in observed.tap.invited.items():
        begun.setdefault(call_id, []).append(at)
    matched: list[Pair] = []
    unseen = {call.call_id for call in calls}
    told: set[tuple[str, int]] = set()
    for record in observed.records:
        # Of calls that begin within one EDGE, that of the nearest INVITE.
        near = [
            (abs(at - life.loop_time(record.started_at)), life.number, place)
            for life in observed.lives
            if _is_within(life, life.loop_time(record.started_at))
            for place, call in enumerate(calls)
            if call.station.user == record.station
            for at in begun.get(call.call_id, ())
        ]
        off, number, place = min(near, default=(EDGE, 0, 0))
        found = None if off >= EDGE else (observed.lives[number], calls[place])
        if found is None:
            observed.faults.append(f"record {record.call_id} is of a call nobody made")
            continue
        life, call = found
        # An INVITE that a killed switch could not answer is sent again, and is a call of the next life as well.
        if (call.call_id, life.number) in told:
            observed.faults.append(f"two records of one call: {record.call_id}")
        told.add((call.call_id, life.number))
        unseen.discard(call.call_id)
        matched.append(Pair(record, life, call, _taken(observed, record, life)))
    answered = {call_id for (call_id, _, _), finals in observed.tap.finals.items() if 200 in finals}
    for call_id in unseen:
        if call_id in answered:
            observed.faults.append(f"no record of the answered call {call_id}")
    return matched


def _taken(observed: Observed, record: CallRecord, life: Life) -> Taken | None:
    """The called party's memory of the same call: the last one that began before it was heard to ring."""
    heard_at = record.answered_at or record.rang_at
    if heard_at is None:
        return None
    start, until = life.loop_time(record.started_at), life.loop_time(heard_at) + EDGE
    found = None
    for callee in observed.callees:
        for taken in callee.taken:
            if callee.number.number == record.number and start <= taken.invited_at <= until:
                found = taken
    return found


def _check_recordings(observed: Observed) -> None:
    """Recorded only after acceptance, and never a privileged call."""
    privileged = {number.number for number in observed.plan.numbers if number.is_privileged}
    named = {record.recording for record in observed.records if record.recording is not None}
    for record in observed.records:
        if record.recording is not None and record.accepted_at is None:
            observed.faults.append(f"{record.call_id} was recorded without being accepted")
        if record.recording is not None and record.number in privileged:
            observed.faults.append(f"{record.call_id} is privileged, and was recorded")
    folder = observed.folder / "recordings"
    files = {file.name for file in folder.glob("*.wav")} if folder.is_dir() else set(observed.taped)
    is_killed = any(life.is_killed for life in observed.lives)
    for name in files - named:
        call_id = name.removesuffix(".wav")
        number = next((record.number for record in observed.records if record.call_id == call_id), None)
        if not is_killed or number in privileged:
            observed.faults.append(f"{name} was recorded, and no record says so")


async def _check_money(
    observed: Observed, book: Book, judged: list[tuple[Seen, Claimed]], cards: Cards, pending: dict[str, int]
) -> None:
    """What the model says of every charge and balance."""
    plan = observed.plan
    openings = {debit_account(person): person.debit for person in plan.people if person.debit is not None}
    openings |= {
        f"advancepay:{number.number}": number.advancepay for number in plan.numbers if number.advancepay is not None
    }
    paid_in = [paid for paid in observed.paid if paid.micros]
    deposits = [Moved(paid.stored_at or paid.asked_at, paid.account, paid.micros) for paid in paid_in]
    household = plan.household
    if household is not None:
        openings[HOUSEHOLD] = household.deposit
    later = frozenset(record.payer for record in observed.records if record.payer and record.payer.startswith("lec:"))
    model = Model(
        openings=openings,
        deposits=deposits + cards.moved(),
        unlimited=later | ({HOUSEHOLD} if household is not None and household.settles_after else frozenset()),
        shared=frozenset({HOUSEHOLD}),
        credit=cards.credit(),
        payments=cards.payments(),
    )
    balances = model.judge(judged)
    observed.faults += model.faults
    for account_id, booked in balances.items():
        micros = booked + pending.get(account_id, 0)
        account = await book.balance(AccountId(account_id))
        if account is None or account.balance.micros != micros:
            observed.faults.append(f"{account_id} is at {account and account.balance}, and must be at {Money(micros)}")
    for record in observed.records:
        if record.charged.micros and record.payer is not None and record.payer not in pending:
            income = await book.balance(call_income(record.billing))
            assert income is not None


def _check_rate(observed: Observed, record: CallRecord) -> None:
    """price(afford(money)) <= money, for the money of every charge."""
    prices = observed.plan.prices
    rate = Rate(
        "swarm", "+1", "", prices.per_minute, prices.first_price, prices.connection,
        prices.first_seconds, prices.increment_seconds, prices.minimum_seconds,
    )  # fmt: skip
    money = record.charged
    talk = afford(rate, money)
    if money.micros and talk.days < 1 and talk and price(rate, talk) > money:
        observed.faults.append(f"{money} affords {talk}, which costs {price(rate, talk)}")


def _claimed(record: CallRecord, life: Life) -> Claimed:
    return Claimed(
        call=record.call_id,
        payer=record.payer,
        accepted=None if record.accepted_at is None else life.loop_time(record.accepted_at),
        ended=life.loop_time(record.ended_at),
        talk=record.talk.total_seconds(),
        charged=record.charged.micros,
        why=record.why,
        ended_by=record.ended_by,
    )
