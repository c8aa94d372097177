"""What came of a scenario: plain values that become JSON, for reports, JUnit and the terminal.

Times are seconds since the scenario's start, on the clock of the run (virtual, or real with `--live`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from typing import Any, Final

LEVEL_SECONDS: Final = 0.1
"""Audio levels are told for every 100 ms."""

LEVEL_FLOOR: Final = -96.0
"""Digital silence: what 16 bits can tell, in dBov; minus infinity is no number in JSON."""


class Verdict(Enum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    """An expectation did not hold, or something awaited did not happen."""
    WRONG = "wrong"
    """The file or its world has mistakes: nothing was played."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One expectation with its outcome."""

    text: str
    is_met: bool
    found: str
    line: int | None = None
    """Of the scenario's file; None for what always must hold."""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One item of a call's timeline (`switch.call.timeline.Item`)."""

    number: int
    at: float
    kind: str
    source: str
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class SipSeen:
    """A SIP message as a phone saw it."""

    at: float
    is_sent: bool
    text: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key that a phone's owner pressed, at the instant it was begun."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class ClipHeard:
    """Recorded words recognised in what a phone received."""

    at: float
    until: float
    clip: str
    text: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class PhoneSide:
    """One phone's view of one call."""

    actor: str
    party: str
    """`caller` or `callee`."""
    sip: tuple[SipSeen, ...]
    keys: tuple[KeyPressed, ...]
    heard: tuple[ClipHeard, ...]
    """Empty where nobody asked for recognition of everything (it takes longer than the call)."""
    rang_at: float | None
    answered_at: float | None
    ended_at: float | None
    levels_since: float | None
    levels: tuple[float, ...]
    """dBov of what was received, every `LEVEL_SECONDS` from `levels_since` on."""
    packets_received: int = 0
    packets_lost: int = 0
    jitter_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HoldSeen:
    """A hold of the call. The state is that at the end."""

    hold: str
    account: str
    amount: str
    state: str
    placed_at: float
    captured: str


@dataclass(frozen=True, slots=True)
class PostingSeen:
    """One posting of an entry of the call."""

    entry: str
    kind: str
    at: float
    account: str
    amount: str


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One call of the switch."""

    call_id: str
    since: float
    until: float | None
    accepted_at: float | None
    timeline: tuple[Moment, ...]
    phones: tuple[PhoneSide, ...]
    holds: tuple[HoldSeen, ...]
    postings: tuple[PostingSeen, ...]
    record: Mapping[str, Any] | None
    """As `payphone calls --json` tells it; None where the call never got one."""
    explanation: str
    """How the charge came about, in words; empty where nothing was charged."""


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """An account at the end."""

    account: str
    balance: str
    held: str


@dataclass(frozen=True, slots=True)
class Result:
    """All that came of one scenario."""

    scenario: str
    file: str
    rules: tuple[str, ...]
    seed: int
    is_live: bool
    verdict: Verdict
    fault: str
    """Why it failed, in words; empty where it passed."""
    virtual_seconds: float
    real_seconds: float
    expectations: tuple[Checked, ...] = ()
    calls: tuple[CallSeen, ...] = ()
    accounts: tuple[AccountSeen, ...] = ()
    trace: str = ""
    """SHA-256 of every datagram with its instant and fate: equal for equal runs; empty for live ones."""
    folder: str = ""
    """Where book and recordings were kept; empty where they were not."""

    @property
    def is_passed(self) -> bool:
        """Whether everything held."""
        return self.verdict is Verdict.PASSED

    @property
    def failures(self) -> tuple[Checked, ...]:
        """Expectations that did not hold."""
        return tuple(each for each in self.expectations if not each.is_met)


def facts(value: Any) -> Any:
    """A result, or any part of one, as what JSON can say."""
    if is_dataclass(value) and not isinstance(value, type):
        return facts(asdict(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): facts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [facts(each) for each in value]
    if isinstance(value, float):
        return round(value, 6)
    return value
