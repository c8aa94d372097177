"""What can go wrong with a book that is not an outcome of a request."""

from __future__ import annotations


class LedgerError(Exception):
    """Root of the ledger's exceptions."""


class MalformedAccountError(LedgerError):
    """A text is not the id of an account."""

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"{text!r} is not an account: {expected}")
        self.text = text
        self.expected = expected


class LedgerUnavailableError(LedgerError):
    """The database did not take a transaction, after every retry. Nothing of it was stored.

    Send the same request again: its id keeps it from being booked twice, even if a commit was stored
    whose confirmation got lost.
    """


class UnstorableError(LedgerError):
    """A request has a text or a number that the database does not keep. Nothing of it was stored; its group was."""


def no_text(error: UnicodeEncodeError) -> str:
    """Where a text has what is no character, as the words for people."""
    around = error.object[max(0, error.start - 20) : error.end + 20]
    return f"{around!a} is not a text in Unicode: write it anew"


class BookClosedError(LedgerError):
    """The book is closed, or closing."""


class BookOverloadedError(LedgerError):
    """More requests are waiting than the book queues (`QUEUE_MAX`); none of this request was taken."""


class BookAddressError(LedgerError):
    """A URL does not name a database this book can live in."""


class MissingBookError(LedgerError):
    """There is no book at the address, and it was not to be made."""


class NewerBookError(LedgerError):
    """The database was written by a newer program, whose tables this one does not know."""


class NotABookError(LedgerError):
    """The file is not a database, or its tables are not a book's."""


class PolicyError(LedgerError):
    """A rule about payments is set against the law, or names something that cannot be."""
