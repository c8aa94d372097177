"""What a deck of a hundred thousand prefixes costs, and what pricing one call costs."""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Any

from ledger.money import Money
from rating.deck import Deck
from rating.explain import explain
from rating.load import load_tariffs
from rating.price import afford, price, step
from rating.spans import Spans
from rating.tariff import Rate

PREFIXES = 100_000
LOOK_UPS = 20_000
SEED = 20210319
LOAD_MAX = 2.0
LOOK_UP_MAX = 2.0
RUNS = 3
ROUNDS = 15
BATCH = 20


def run() -> list[dict[str, Any]]:
    """Measure and return rows of name, value and unit."""
    random = Random(SEED)
    prefixes: set[str] = set()
    while len(prefixes) < PREFIXES:
        prefixes.add(f"+{random.randint(1, 9)}" + "".join(random.choices("0123456789", k=random.randint(0, 7))))
    ordered = sorted(prefixes)
    day, now = date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        wide = Path(folder, "wide.toml")
        wide.write_text(_document("wide", [ordered]), encoding="utf-8")
        long = Path(folder, "long.toml")
        long.write_text(_document("long", [[prefix] for prefix in ordered]), encoding="utf-8")
        table = Path(folder, "table.csv")
        table.write_text(_table(ordered, random), encoding="utf-8")
        processor = process_time()
        table_seconds, deck = _timed(lambda: _load(table, day), RUNS)
        processor = (process_time() - processor) / RUNS
        wide_seconds, _ = _timed(lambda: load_tariffs(wide), 1)
        long_seconds, _ = _timed(lambda: load_tariffs(long), 1)
    numbers = [random.choice(ordered) + f"{random.randrange(10**7):07}" for _ in range(LOOK_UPS)]
    rate = deck.rate(numbers[0], "debit", day)
    assert rate is not None
    plain = dict.fromkeys(ordered, rate)
    spans = Spans({each.prefix: each for tariff in deck.tariffs for each in tariff.rates})
    matched, on_day, at_instant, probe = _medians(
        numbers,
        lambda some: [spans.get(number) for number in some],
        lambda some: [deck.rate(number, "debit", day) for number in some],
        lambda some: [deck.rate(number, "debit", now) for number in some],
        lambda some: [plain.get(number[:5]) for number in some],
    )
    return [
        {
            "name": f"load {PREFIXES} prefixes of a CSV deck, look one up",
            "value": table_seconds,
            "unit": "s",
            "max": LOAD_MAX,
        },
        {"name": "of it the processor's time", "value": processor, "unit": "s"},
        {"name": f"load {PREFIXES} prefixes in one row", "value": wide_seconds, "unit": "s"},
        {"name": f"load {PREFIXES} prefixes in a row each", "value": long_seconds, "unit": "s"},
        {"name": "longest prefix of a number, median", "value": matched, "unit": "us", "max": LOOK_UP_MAX},
        {"name": "rate of a call: kind, day and prefix, median", "value": on_day, "unit": "us"},
        {"name": "rate of a call: kind, instant and prefix, median", "value": at_instant, "unit": "us"},
        {"name": "one probe of a plain dictionary, for comparison", "value": probe, "unit": "us"},
        *_arithmetic(rate, random),
    ]


def _arithmetic(rate: Rate, random: Random) -> list[dict[str, Any]]:
    talks = [timedelta(milliseconds=random.randrange(900_000)) for _ in range(LOOK_UPS)]
    moneys = [Money(random.randrange(50_000_000)) for _ in range(LOOK_UPS)]
    slice_ = timedelta(minutes=1)
    priced = _median(lambda some: [price(rate, talk) for talk in some], talks)
    afforded = _median(lambda some: [afford(rate, money) for money in some], moneys)
    stepped = _median(lambda some: [step(rate, talk, slice_) for talk in some], talks)
    explained = _median(lambda some: [explain(rate, talk).to_json() for talk in some], talks[:2000])
    return [
        {"name": "price, median", "value": priced, "unit": "us"},
        {"name": "afford, median", "value": afforded, "unit": "us"},
        {"name": "step, median", "value": stepped, "unit": "us"},
        {"name": "explain to JSON, median", "value": explained, "unit": "us"},
    ]


def _load(file: Path, day: date) -> Deck:
    """A deck that has answered once, so that all is made which the first look-up makes."""
    deck = load_tariffs(file)
    assert isinstance(deck, Deck), deck
    deck.rate("+12125550123", "debit", day)
    return deck


def _document(name: str, rows: list[list[str]]) -> str:
    head = f'name = "{name}"\nvalid_from = 2020-01-01\nzone = "America/Los_Angeles"\nfirst = 60\nincrement = 6\n'
    body = (f'[[rows]]\nplace = "row"\nprefixes = {json.dumps(row)}\nper_minute = "0.025"\n' for row in rows)
    return head + "".join(body)


def _table(prefixes: list[str], random: Random) -> str:
    head = "prefix,place,per_minute,first,increment,minimum,kinds,valid_from,valid_until,zone\n"
    prices = [f"{random.randrange(1, 500) / 1000}" for _ in range(400)]
    end = "60,6,60,advancepay debit collect,2020-01-01,,America/Los_Angeles\n"
    return head + "".join(f"{prefix},place {prefix[:4]},{random.choice(prices)},{end}" for prefix in prefixes)


def _timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """The median of several runs, and the last result."""
    times, result = [], None
    for _ in range(runs):
        result = None
        gc.collect()
        start = perf_counter()
        result = work()
        times.append(perf_counter() - start)
    return statistics.median(times), result


def _medians(inputs: list[Any], *works: Callable[[list[Any]], object]) -> list[float]:
    """Microseconds of one call of each, in turns, as medians of rounds: the clock changes within seconds."""
    rounds = [[_median(work, inputs) for work in works] for _ in range(ROUNDS)]
    return [statistics.median(figures) for figures in zip(*rounds, strict=True)]


def _median(work: Callable[[list[Any]], object], inputs: list[Any]) -> float:
    """Microseconds of one call, as the median of batches: to read the clock for each alone would cost a tenth of it."""
    times = []
    for first in range(0, len(inputs), BATCH):
        some = inputs[first : first + BATCH]
        start = perf_counter()
        work(some)
        times.append((perf_counter() - start) / len(some))
    return statistics.median(times) * 1e6


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<40} {row['value']:10.3f} {row['unit']}")
