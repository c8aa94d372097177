"""Books on both databases: `shelf` runs whatever asks for it once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from ledger.store import Book
from tests.live.programs import lacking
from tests.support.books import FileShelf, ServerShelf, Shelf, cleared
from tests.support.ledger import STORY
from tests.support.postgres import cluster, missing

# The rules of the machine of products say in detail what did not come of a request, as a test does.
pytest.register_assert_rewrite(
    "tests.support.products_invoices", "tests.support.products_model", "tests.support.products_money"
)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> FileShelf:
    return FileShelf(tmp_path_factory.mktemp("books"))


@pytest.fixture(scope="session")
def server() -> Iterator[ServerShelf]:
    """One server for all tests of a worker."""
    if (why := missing()) is not None:
        lacking(why)
    with cluster() as running:
        yield ServerShelf(running)


@pytest.fixture
def postgres(server: ServerShelf) -> Iterator[ServerShelf]:
    """PostgreSQL alone: for tests that carry its mark."""
    with cleared(server):
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """Books of one's own, on either database."""
    chosen: Shelf = request.getfixturevalue("postgres" if request.param == "postgresql" else "files")
    return chosen


@pytest.fixture
def address(shelf: Shelf) -> str:
    """Of a book that has the story."""
    return shelf.book(*STORY)


@pytest.fixture
async def book(address: str) -> AsyncIterator[Book]:
    """The book that has the story, opened; it hardly waits for a lock."""
    async with await Book.open(address, busy_seconds=0.01) as opened:
        yield opened
