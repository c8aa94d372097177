"""Enrolments: what a person chose on the first call is kept as a digest, once; a spoken name may be spoken again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.store import Book
from prompts.catalog import ClipId
from switch.directory.enrolments import Enrolments
from switch.directory.people import PersonId

NOON = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)
JORDAN = PersonId("jordan")


@pytest.fixture
async def book(tmp_path: Path) -> AsyncIterator[Book]:
    async with await Book.open(str(tmp_path / "book.db")) as opened:
        yield opened


async def test_only_the_digits_that_were_chosen_are_right(book: Book) -> None:
    enrolments = Enrolments(book)
    assert await enrolments.of(JORDAN) is None
    assert await enrolments.choose(JORDAN, "63", salt=b"salt", at=NOON)
    enrolment = await enrolments.of(JORDAN)
    assert enrolment is not None
    assert (enrolment.is_chosen("63"), enrolment.is_chosen("64"), enrolment.is_chosen("")) == (True, False, False)
    assert b"63" not in enrolment.secret


async def test_a_pin_is_chosen_once(book: Book) -> None:
    enrolments = Enrolments(book)
    await enrolments.choose(JORDAN, "63", salt=b"salt", at=NOON)
    assert not await enrolments.choose(JORDAN, "64", salt=b"salt", at=NOON)
    enrolment = await enrolments.of(JORDAN)
    assert enrolment is not None and enrolment.is_chosen("63")


async def test_who_only_spoke_a_name_has_no_pin_that_anything_could_match(book: Book) -> None:
    enrolments = Enrolments(book)
    await enrolments.keep_name(JORDAN, ClipId("spoken/one"), at=NOON)
    await enrolments.keep_name(JORDAN, ClipId("spoken/two"), at=NOON)
    enrolment = await enrolments.of(JORDAN)
    assert enrolment is not None and enrolment.name == "spoken/two"
    assert (enrolment.has_chosen, enrolment.is_chosen("")) == (False, False)
    await enrolments.choose(JORDAN, "63", salt=b"salt", at=NOON)
    enrolment = await enrolments.of(JORDAN)
    assert enrolment is not None and (enrolment.name, enrolment.is_chosen("63")) == ("spoken/two", True)
