"""Plain transfers of money on a PostgreSQL server, by its own pgbench: what a hold is compared with."""

from __future__ import annotations

import re
import statistics
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.support.postgres import Cluster

ACCOUNTS = 100
CLIENTS = 16
"""More connections add nothing on two cores."""

SECONDS = 4

TABLES = """
CREATE TABLE accounts (account_id INT PRIMARY KEY, balance BIGINT NOT NULL CHECK (balance >= 0));
CREATE TABLE transfers (source INT NOT NULL, target INT NOT NULL, amount BIGINT NOT NULL);
INSERT INTO accounts SELECT number, 1000000000000 FROM generate_series(1, 100) AS number;
"""

# The lower account comes first, as in any program that would not have deadlocks.
SCRIPT = rf"""
\set source random(1, {ACCOUNTS} - 1)
\set target random(:source + 1, {ACCOUNTS})
BEGIN;
UPDATE accounts SET balance = balance - 1 WHERE account_id = :source;
UPDATE accounts SET balance = balance + 1 WHERE account_id = :target;
INSERT INTO transfers VALUES (:source, :target, 1);
COMMIT;
"""


def transfers_per_second(server: Cluster, database: str, *, rounds: int) -> float:
    """The median of some runs: two UPDATEs and an INSERT in one transaction, neither remembered nor chained."""
    with psycopg.connect(server.make(database)) as connection:
        connection.execute(TABLES)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "transfer.sql")
        script.write_text(SCRIPT, encoding="utf-8")
        return statistics.median(_run(server, database, script) for _ in range(rounds))


def _run(server: Cluster, database: str, script: Path) -> float:
    words = ["--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", "--jobs=2", f"--time={SECONDS}"]
    where = ["--host", server.socket_folder, "--username", server.user, database]
    done = subprocess.run(
        [server.binaries / "pgbench", *words, "--file", script, *where],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    return float(found[1])
