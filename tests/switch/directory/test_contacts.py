"""Allowed lists that change: what is decided, and what the book keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ledger.store import Book
from switch.directory.contacts import Action, Change, Contacts, ContactState, ListRefusal, decide, listed
from switch.directory.rules import ListRules

NOON = datetime(2021, 6, 1, 12, tzinfo=UTC)
MOTHER, AUNT, FRIEND = "+12125550123", "+12125550124", "+12125550125"
RULES = ListRules(numbers_max=2, changes_max=2, within=timedelta(days=30))
REVIEWED = replace(RULES, is_reviewed=True)
APPROVED, REMOVED = ContactState.APPROVED, ContactState.REMOVED


def changed(*rows: tuple[str, ContactState], days_ago: int = 90) -> list[Change]:
    return [Change(number, state, NOON - timedelta(days=days_ago), "") for number, state in rows]


ASKED = changed((AUNT, ContactState.REQUESTED))
BUSY = changed((FRIEND, APPROVED), (FRIEND, REMOVED), days_ago=5)


@pytest.mark.parametrize(
    ("action", "number", "changes", "rules", "outcome"),
    [
        (Action.ADD, AUNT, [], RULES, APPROVED),
        (Action.ADD, AUNT, [], REVIEWED, ContactState.REQUESTED),
        (Action.ADD, MOTHER, [], RULES, ListRefusal.LISTED),
        (Action.ADD, AUNT, changed((FRIEND, APPROVED)), RULES, ListRefusal.FULL),
        (Action.ADD, AUNT, changed((MOTHER, REMOVED), (FRIEND, APPROVED)), RULES, APPROVED),
        (Action.ADD, AUNT, BUSY, RULES, ListRefusal.TOO_SOON),
        (Action.ADD, AUNT, BUSY, replace(RULES, changes_max=None), APPROVED),
        (Action.ADD, AUNT, changed((AUNT, ContactState.REFUSED)), RULES, APPROVED),
        (Action.ADD, AUNT, ASKED, RULES, APPROVED),
        (Action.ADD, AUNT, ASKED, REVIEWED, ListRefusal.WAITING),
        (Action.REMOVE, MOTHER, [], RULES, REMOVED),
        (Action.REMOVE, AUNT, [], RULES, ListRefusal.NOT_LISTED),
        (Action.REMOVE, MOTHER, BUSY, RULES, ListRefusal.TOO_SOON),
        (Action.REQUEST, AUNT, [], RULES, ContactState.REQUESTED),
        (Action.REQUEST, AUNT, ASKED, RULES, ListRefusal.WAITING),
        (Action.REQUEST, MOTHER, [], RULES, ListRefusal.LISTED),
        (Action.APPROVE, AUNT, ASKED, RULES, APPROVED),
        (Action.APPROVE, AUNT, [], RULES, ListRefusal.NOT_REQUESTED),
        (Action.APPROVE, AUNT, [*ASKED, *changed((FRIEND, APPROVED))], RULES, ListRefusal.FULL),
        (Action.APPROVE, AUNT, [*ASKED, *BUSY], RULES, ListRefusal.TOO_SOON),
        (Action.REFUSE, AUNT, ASKED, RULES, ContactState.REFUSED),
        (Action.REFUSE, AUNT, [*ASKED, *changed((AUNT, ContactState.REFUSED))], RULES, ListRefusal.NOT_REQUESTED),
        (Action.REFUSE, MOTHER, [], RULES, ListRefusal.LISTED),
    ],
)
def test_a_change_is_decided_by_the_list_its_changes_and_the_rules(
    action: Action, number: str, changes: list[Change], rules: ListRules, outcome: ContactState | ListRefusal
) -> None:
    assert decide(action, number, start=[MOTHER], changes=changes, rules=rules, at=NOON) is outcome


def test_changes_count_until_their_time_is_past_and_requests_do_not() -> None:
    at = NOON + timedelta(days=25)
    assert decide(Action.ADD, AUNT, start=[], changes=BUSY, rules=RULES, at=at) is APPROVED
    assert decide(Action.ADD, FRIEND, start=[], changes=[*ASKED, *ASKED], rules=RULES, at=NOON) is APPROVED


def test_the_list_is_the_configurations_with_its_changes() -> None:
    changes = changed((AUNT, ContactState.REQUESTED), (FRIEND, APPROVED), (MOTHER, REMOVED))
    assert listed([MOTHER], changes) == {FRIEND}


async def test_the_book_keeps_every_change_and_two_do_not_both_get_the_last_place() -> None:
    async with await Book.open(":memory:") as book:
        contacts = Contacts(book)
        done = [
            await contacts.change("jordan", number, Action.ADD, start=[MOTHER], rules=RULES, why="asked", at=NOON)
            for number in (AUNT, FRIEND)
        ]
        assert done == [APPROVED, ListRefusal.FULL]
        assert await contacts.changes("jordan") == (Change(AUNT, APPROVED, NOON, "asked"),)
        assert await contacts.changes("riley") == ()
