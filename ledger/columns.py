"""Types of columns: money, instants, spans and words, as whole numbers and texts that sort, compare and travel alike.

Amounts are BIGINT micros, instants BIGINT microseconds since 1970 in UTC: the same in SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import BigInteger, Dialect, String, TypeDecorator

from ledger.entries import MICROSECOND, from_micros, to_micros
from ledger.money import Money


class Amount(TypeDecorator[Money]):
    """`Money` as whole micros."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else value.micros

    def process_result_value(self, value: int | None, dialect: Dialect) -> Money | None:  # noqa: ARG002
        """From the database."""
        # PostgreSQL adds up whole numbers to a NUMERIC, which is a Decimal here; it is as whole.
        return None if value is None else Money(int(value))


class Instant(TypeDecorator[datetime]):
    """An aware `datetime` as microseconds since 1970, UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else from_micros(value)


class Word(TypeDecorator[Enum]):
    """One of an enumeration, as its value, a word of 16 characters at most."""

    impl = String(16)
    cache_ok = True

    def __init__(self, words: type[Enum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Enum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Enum | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else self.words(value)


class Span(TypeDecorator[timedelta]):
    """A `timedelta` as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else timedelta(microseconds=value)
