"""Statements on libpq itself: what PostgreSQL is given comes back as it was, and its errors are those of its driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.prepared import Prepared, parameter_of
from tests.support.books import ServerShelf

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63), 2**63 - 1)


@pytest.fixture
def driver(postgres: ServerShelf) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.empty().replace("+psycopg", "")) as connection:
        yield connection


@pytest.fixture
def prepared(driver: psycopg.Connection[Any]) -> Prepared:
    return Prepared(driver)


@pytest.mark.postgres
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.none() | TEXTS | st.sampled_from(["NULL", "", '"', "\\", "{}", "a,b", " "]), max_size=4))
def test_texts_come_back_as_they_were(prepared: Prepared, texts: list[str | None]) -> None:
    assert prepared.send("SELECT * FROM unnest($1::TEXT[])", (texts,))() == [(each,) for each in texts]
    for text in texts:
        assert prepared.send("SELECT $1::VARCHAR", (text,))() == [(text,)]


@pytest.mark.postgres
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.none() | NUMBERS, max_size=4))
def test_whole_numbers_come_back_as_they_were(prepared: Prepared, numbers: list[int | None]) -> None:
    assert prepared.send("SELECT * FROM unnest($1::BIGINT[])", (numbers,))() == [(each,) for each in numbers]
    assert prepared.send("SELECT $1::INTEGER", (7,))() == [(7,)]


@pytest.mark.parametrize("value", ["a\0b", ["c", "a\0b"]])
def test_a_text_that_would_end_too_early_is_not_sent(value: str | list[str]) -> None:
    with pytest.raises(psycopg.DataError):
        parameter_of(value)


@pytest.mark.postgres
def test_what_the_server_refuses_is_raised_as_its_driver_raises_it(prepared: Prepared) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        prepared.send("SELECT 1 FROM nothing", ())()
    with pytest.raises(psycopg.errors.DivisionByZero):
        prepared.send("SELECT 1 / $1::INTEGER", (0,))()


@pytest.mark.postgres
def test_what_is_sent_runs_in_its_order_and_is_answered_in_any(prepared: Prepared) -> None:
    prepared.send("CREATE TEMPORARY TABLE told (word TEXT)", ())
    prepared.settle()
    answers = []
    for word in ("one", "two", "three"):
        prepared.send("INSERT INTO told VALUES ($1)", (word,))
        answers.append(prepared.send("SELECT count(*) FROM told", ()))
    assert [answer() for answer in reversed(answers)] == [[(3,)], [(2,)], [(1,)]]
    assert answers[0]() == [(1,)]


@pytest.mark.postgres
def test_nothing_after_a_statement_that_fails_is_run(prepared: Prepared) -> None:
    divide = "SELECT 1 / $1::INTEGER"
    assert prepared.send("SELECT 1", ())() + prepared.send(divide, (1,))() == [(1,), (1,)]
    before = prepared.send("SELECT 1", ())
    fails = prepared.send(divide, (0,))
    after = prepared.send("SELECT 1", ())
    with pytest.raises(psycopg.errors.DivisionByZero):
        after()
    assert before() == [(1,)]
    for answer in (fails, after):
        with pytest.raises(psycopg.InterfaceError, match="failed"):
            answer()
    assert prepared.send("SELECT 1", ())() == [(1,)]


@pytest.mark.postgres
def test_a_transaction_in_which_something_failed_is_not_committed(
    driver: psycopg.Connection[Any], prepared: Prepared
) -> None:
    prepared.send("BEGIN", ())
    with pytest.raises(psycopg.errors.DivisionByZero):
        prepared.send("SELECT 1 / $1::INTEGER", (0,))()
    with pytest.raises(psycopg.OperationalError, match="rolled back"):
        prepared.commit()
    prepared.send("BEGIN", ())
    prepared.send("SELECT 1 / $1::INTEGER", (0,))
    with pytest.raises(psycopg.errors.DivisionByZero):
        prepared.commit()
    driver.rollback()
    prepared.send("BEGIN", ())
    prepared.commit()


@pytest.mark.postgres
def test_what_was_sent_can_be_forgotten(driver: psycopg.Connection[Any], prepared: Prepared) -> None:
    prepared.send("BEGIN", ())
    prepared.send("SELECT 1 / $1::INTEGER", (0,))
    prepared.forget()
    driver.rollback()
    assert prepared.send("SELECT 1", ())() == [(1,)]


@pytest.mark.postgres
def test_a_statement_of_much_text_is_sent_whole(prepared: Prepared) -> None:
    """Far more than the buffers between here and the server hold, both ways, while it waits for us as we for it."""
    words = [f"{number:01000}" for number in range(3_000)]
    answers = [prepared.send("SELECT * FROM unnest($1::TEXT[])", (words,)) for _ in range(4)]
    for answer in answers:
        assert answer() == [(word,) for word in words]


@pytest.mark.postgres
def test_a_lost_server_is_an_operational_error(driver: psycopg.Connection[Any], prepared: Prepared) -> None:
    with psycopg.connect(driver.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (driver.info.backend_pid,))
    for _ in range(2):  # First the server says so, then nobody is there any more.
        with pytest.raises(psycopg.OperationalError):
            prepared.send("SELECT 1", ())()
    assert driver.closed
