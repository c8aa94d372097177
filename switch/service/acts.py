"""What agents did: a log that only grows. Money acts name the agent in the journal's memo too.

An act and its line are one transaction: neither is ever there without the other, whenever a process dies.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, insert, or_, select

from ledger.group import Beside
from ledger.outcomes import Outcome
from switch.service.tables import service_acts

AGENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
"""How an agent is named: a name or a login, on one line."""

WORDS_MAX: Final = 4_000
"""Characters of a note: two pages; whoever has more to say writes two."""


class ActKind(Enum):
    """What was done. Values are the words shown to people."""

    CREATED = "customer created"
    FACILITY_ADDED = "facility added"
    ACCOUNT_OPENED = "account opened"
    NUMBER_ADDED = "number added"
    CREDIT_GIVEN = "credit given"
    DEPOSITED = "deposited"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    REFUNDED = "refunded"
    REFUND_PAID = "refund paid by hand"
    NOTED = "noted"
    TRUST_DEPOSITED = "deposited to trust"
    TOPPED_UP = "topped up from trust"
    CREDITS_SOLD = "credits sold"
    REVIEWED = "message taken into review"
    APPROVED = "message approved"
    REJECTED = "message rejected"
    DELIVERED = "message delivered"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing an agent did."""

    at: datetime
    agent: str
    kind: ActKind
    subject: str
    """The customer, number, call, account or message it is about."""
    words: str = ""
    customer_id: str | None = None
    number: str | None = None


def record(connection: Connection, act: Act) -> None:
    """Add to the log, within a transaction of the book's writer."""
    row = {
        "at": act.at,
        "agent": act.agent,
        "kind": act.kind.name.lower(),
        "customer_id": act.customer_id,
        "number": act.number,
        "subject": act.subject,
        "words": act.words,
    }
    connection.execute(insert(service_acts).values(row))


def logged(act: Act) -> Beside:
    """What adds an act to the log together with the request that does it; what was done before is in the log."""

    def store(connection: Connection, _outcome: Outcome, *, is_new: bool) -> None:
        if is_new:
            record(connection, act)

    return store


def read_acts(
    connection: Connection, *, customer_id: str | None, numbers: Collection[str], last: int
) -> tuple[Act, ...]:
    """The acts about a customer or some numbers, the newest first."""
    of_numbers = service_acts.c.number.in_(sorted(numbers))
    about = of_numbers if customer_id is None else or_(of_numbers, service_acts.c.customer_id == customer_id)
    query = select(service_acts).where(about).order_by(service_acts.c.act_id.desc()).limit(last)
    return tuple(map(_act, connection.execute(query)))


def _act(row: Any) -> Act:
    kind = ActKind[row.kind.upper()]
    return Act(row.at, row.agent, kind, row.subject, row.words, row.customer_id, row.number)
