"""Books on both databases, as the ledger's own tests have them."""

from tests.ledger.conftest import files, postgres, server, shelf

__all__ = ["files", "postgres", "server", "shelf"]
