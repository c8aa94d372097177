"""What a call's charge is made of: its postings, and what its explanation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ledger.entries import Entry, EntryKind
from ledger.money import Money
from ledger.records import CallRecord
from rating.explain import Explanation
from scenarios.language.expectations import Explained
from scenarios.language.quantities import seconds_text
from scenarios.play.result import Checked


def charge_lines(
    wanted: Mapping[str, Money], record: CallRecord, entries: Sequence[Entry], line: int | None
) -> Checked:
    """Compare every posting of a call's charge but the payer's."""
    postings = [
        posting
        for entry in entries
        if entry.draft.kind is EntryKind.CHARGE and entry.draft.call_id == record.call_id
        for posting in entry.draft.postings
        if posting.account_id != record.payer
    ]
    found: Counter[str] = Counter()
    for posting in postings:
        found[posting.account_id] += posting.amount.micros
    shown = ", ".join(f"{account}: {Money(micros)}" for account, micros in sorted(found.items()))
    text = ", ".join(f"{account}: {amount}" for account, amount in wanted.items())
    is_met = dict(found) == {account: amount.micros for account, amount in wanted.items()}
    return Checked(f"charge lines: {text}", is_met=is_met, found=shown or "nothing was charged", line=line)


def explained(wanted: str | Explained | None, record: CallRecord, line: int | None) -> Iterator[Checked]:
    """Look for what is wanted in how a call's charge is explained."""
    if record.explanation is None:
        yield Checked(f"explained: {wanted}", is_met=False, found="there is no explanation", line=line)
        return
    explanation = Explanation.from_json(record.explanation)
    said = wanted if isinstance(wanted, Explained) else Explained(says=wanted)
    if said.free is not None:
        free = float(explanation.free)
        text = f"{seconds_text(said.free.seconds)} of it were free"
        yield Checked(text, is_met=said.free.fits(free), found=seconds_text(free), line=line)
    if said.allowance is not None:
        found = explanation.allowance
        yield Checked(f"free by {said.allowance}", is_met=found == said.allowance, found=found or "no word", line=line)
    text = explanation.to_text()
    for words in [said.says] if isinstance(said.says, str) else said.says or []:
        yield Checked(f"the explanation says {words!r}", is_met=words in text, found=text, line=line)
