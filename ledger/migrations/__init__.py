"""The one history of the tables: of the ledger, and of every package that declares tables on its metadata."""
