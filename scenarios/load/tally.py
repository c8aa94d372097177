"""What a run of load has counted. Tallies of several processes can be added to one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from scenarios.load.measures import Measure, Times

SECONDS_MAX: Final = 100_000
"""Rows of the time series: more than a day of them."""

LATE_START: Final = 0.010
"""A call that began this much later than intended says that the generator was late: a tenth of a usual setup."""


@dataclass(slots=True)
class Loss:
    """Packets expected and received."""

    expected: int = 0
    received: int = 0

    @property
    def loss(self) -> float | None:
        """The share that never came; None where nothing was expected."""
        if not self.expected:
            return None
        return max(0, self.expected - self.received) / self.expected

    def add(self, expected: int, received: int) -> None:
        """Count a stream."""
        self.expected += expected
        self.received += received


@dataclass(slots=True)
class Second:
    """What happened within one second of the run; calls count in the second in which they were to begin."""

    intended: int = 0
    started: int = 0
    answered: int = 0
    succeeded: int = 0
    failed: int = 0
    in_progress: int = 0
    setup_p50: float | None = None
    setup_p99: float | None = None
    setup_max: float | None = None
    cpu: float = 0.0
    """Of the generator, in cores."""
    lag: float = 0.0
    """The longest its event loop kept a timer waiting."""


@dataclass(slots=True)
class Generator:
    """How the generator itself fared."""

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    busiest: float = 0.0
    """The highest share of a core in one second, taken over ten of them."""
    lag_max: float = 0.0
    late_starts: int = 0
    strays: Counter[str] = field(default_factory=Counter)
    """What no call of ours accounts for: INVITEs nobody was waiting for, faults of ours, packets unread."""


class Tally:
    """The counts of a run."""

    def __init__(self) -> None:
        self.attempted: Counter[str] = Counter()
        """Calls by kind, finished ones."""
        self.succeeded: Counter[str] = Counter()
        self.failures: Counter[tuple[str, str]] = Counter()
        """By kind and class."""
        self.statuses: Counter[int] = Counter()
        """Final statuses of our INVITEs, challenges left out."""
        self.times: dict[tuple[Measure, str], Times] = {}
        self.rtp = Loss()
        """By the sequence numbers of the streams that arrived."""
        self.audio = Loss()
        """By the marks in the audio of the other party, through the target."""
        self.packets_sent = 0
        self.packets_received = 0
        self.in_progress_max = 0
        self.elapsed = 0.0
        """From the first call to be made to the end of the arrivals."""
        self.started = 0
        self.seconds: list[Second] = []
        self.generator = Generator()

    # Counting.

    def time(self, measure: Measure, kind: str, seconds: float) -> None:
        """Count a time."""
        times = self.times.get((measure, kind))
        if times is None:
            times = self.times[measure, kind] = Times()
        times.add(seconds)

    def finish(self, kind: str, failure: str | None) -> None:
        """Count a call that is over; `failure` is its class."""
        self.attempted[kind] += 1
        if failure is None:
            self.succeeded[kind] += 1
        else:
            self.failures[kind, failure] += 1

    def second(self, index: int) -> Second:
        """The row of a second of the run; what is beyond the last possible row counts there."""
        index = min(index, SECONDS_MAX - 1)
        while len(self.seconds) <= index:
            self.seconds.append(Second())
        return self.seconds[index]

    def merge(self, other: Tally) -> None:
        """Count what another process counted at the same time."""
        self.attempted.update(other.attempted)
        self.succeeded.update(other.succeeded)
        self.failures.update(other.failures)
        self.statuses.update(other.statuses)
        for (measure, kind), times in other.times.items():
            self.times.setdefault((measure, kind), Times()).merge(times)
        self.rtp.add(other.rtp.expected, other.rtp.received)
        self.audio.add(other.audio.expected, other.audio.received)
        self.packets_sent += other.packets_sent
        self.packets_received += other.packets_received
        self.in_progress_max += other.in_progress_max
        self.elapsed = max(self.elapsed, other.elapsed)
        self.started += other.started
        for index, row in enumerate(other.seconds):
            _merge_second(self.second(index), row)
        ours, theirs = self.generator, other.generator
        ours.cpu_seconds += theirs.cpu_seconds
        ours.wall_seconds = max(ours.wall_seconds, theirs.wall_seconds)
        ours.busiest = max(ours.busiest, theirs.busiest)
        ours.lag_max = max(ours.lag_max, theirs.lag_max)
        ours.late_starts += theirs.late_starts
        ours.strays.update(theirs.strays)

    # Reading.

    @property
    def kinds(self) -> list[str]:
        """The kinds of calls that finished, in order of first appearance."""
        return list(self.attempted)

    @property
    def rate(self) -> float:
        """Calls begun a second, over the time in which calls were to begin."""
        return self.started / self.elapsed if self.elapsed else 0.0

    def calls(self, kind: str | None = None) -> int:
        """Finished calls."""
        return self.attempted[kind] if kind is not None else self.attempted.total()

    def failed(self, kind: str | None = None) -> int:
        """Failed calls."""
        return self.calls(kind) - (self.succeeded[kind] if kind is not None else self.succeeded.total())

    def failed_share(self, kind: str | None = None) -> float | None:
        """The share of finished calls that failed; None without any."""
        calls = self.calls(kind)
        return self.failed(kind) / calls if calls else None

    def all_times(self, measure: Measure, kind: str | None = None) -> Times:
        """The distribution of a measure over all kinds of calls, or one."""
        merged = Times()
        for (counted, its_kind), times in self.times.items():
            if counted is measure and kind in (None, its_kind):
                merged.merge(times)
        return merged

    def statistic(self, measure: Measure, name: str, kind: str | None = None) -> float | None:
        """One figure of that distribution."""
        return self.all_times(measure, kind).statistic(name)

    def failure_classes(self) -> list[tuple[str, int, dict[str, int]]]:
        """Classes of failure, the most frequent first: their count and by which kinds."""
        by_class: dict[str, dict[str, int]] = {}
        for (kind, failure), count in self.failures.items():
            by_class.setdefault(failure, {})[kind] = count
        rows = [(failure, sum(kinds.values()), kinds) for failure, kinds in by_class.items()]
        return sorted(rows, key=lambda row: (-row[1], row[0]))


def merged(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    whole = Tally()
    for tally in tallies:
        whole.merge(tally)
    return whole


def _merge_second(ours: Second, theirs: Second) -> None:
    """Counts add up. Percentiles cannot: the worse one stands, so that no peak is hidden."""
    ours.intended += theirs.intended
    ours.started += theirs.started
    ours.answered += theirs.answered
    ours.succeeded += theirs.succeeded
    ours.failed += theirs.failed
    ours.in_progress += theirs.in_progress
    ours.setup_p50 = _worse(ours.setup_p50, theirs.setup_p50)
    ours.setup_p99 = _worse(ours.setup_p99, theirs.setup_p99)
    ours.setup_max = _worse(ours.setup_max, theirs.setup_max)
    ours.cpu += theirs.cpu
    ours.lag = max(ours.lag, theirs.lag)


def _worse(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None
