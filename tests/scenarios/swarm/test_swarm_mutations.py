"""Faults put into the product on purpose: the swarm must see each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger import settle
from ledger.money import Money
from rating import bill as billing
from rating.rounding import GRAINS_PER_MICRO
from scenarios.swarm.run import run_plan
from scenarios.swarm.world import make_plan
from switch.call.charging import Charging
from switch.call.line import Line
from switch.call.meter import Cut, Meter

FIRST = 1001
SEEDS_MAX = 8
"""Seeds within which a fault must be seen: two seconds of them."""


def charge_twice(patch: pytest.MonkeyPatch) -> None:
    """What was talked is captured two times over."""
    settled = Charging.settle

    def doubled(charging: Charging, ended_at: float) -> object:
        talk, charge, explanation = settled(charging, ended_at)
        return talk, charge and replace(charge, amount=charge.amount + charge.amount), explanation

    patch.setattr(Charging, "settle", doubled)


def keep_what_is_left(patch: pytest.MonkeyPatch) -> None:
    """What was held and not talked is never given back."""
    end_call = settle.end_call

    def end(draft: settle.Draft, request: settle.EndCall) -> object:
        if request.charge is not None:
            return end_call(draft, request)
        placed = draft.view.placed.pop(request.record.call_id, None)
        try:
            return end_call(draft, request)
        finally:
            if placed is not None:
                draft.view.placed[request.record.call_id] = placed

    patch.setattr(settle, "end_call", end)


def bill_from_the_answer(patch: pytest.MonkeyPatch) -> None:
    """The talk is counted from the answer, not from the accept key."""
    press = Line._press

    def early(line: Line, key: str, at: float) -> None:
        press(line, key, line.answered_at or at)

    patch.setattr(Line, "_press", early)


def round_up_to_cents(patch: pytest.MonkeyPatch) -> None:
    """Prices are whole cents, upwards."""

    def to_cents(exact: int) -> Money:
        return Money(-(-exact // (GRAINS_PER_MICRO * 10_000)) * 10_000)

    patch.setattr(billing, "money_of", to_cents)


def never_cut(patch: pytest.MonkeyPatch) -> None:
    """The money ends, and they talk on."""
    advance = Meter.advance

    def on_and_on(meter: Meter, talk: object) -> list[object]:
        return [effect for effect in advance(meter, talk) if not isinstance(effect, Cut)]  # type: ignore[arg-type]

    def never_due(meter: Meter, talk: object) -> object:
        return deadline(meter, talk) or timedelta(days=1)  # type: ignore[arg-type]

    deadline = Meter.deadline
    patch.setattr(Meter, "advance", on_and_on)
    patch.setattr(Meter, "deadline", never_due)


MUTATIONS: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (charge_twice, "costs"),
    (keep_what_is_left, "still held"),
    (bill_from_the_answer, "when no accept key arrived"),
    (round_up_to_cents, "costs"),
    (never_cut, "went on for"),
]


def first_faults() -> tuple[int, tuple[str, ...]] | None:
    """The first seed that fails, and what it found."""
    for seed in range(FIRST, FIRST + SEEDS_MAX):
        faults = run_plan(make_plan(seed, has_media=False)).faults
        if faults:
            return seed, faults
    return None


@pytest.mark.parametrize(("mutate", "words"), MUTATIONS, ids=[mutate.__name__ for mutate, _ in MUTATIONS])
def test_the_swarm_sees_what_is_broken(
    mutate: Callable[[pytest.MonkeyPatch], None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    found = first_faults()
    assert found is not None, f"{SEEDS_MAX} seeds passed, and the switch is broken: {mutate.__doc__}"
    assert any(words in fault for fault in found[1]), found


def test_the_same_seeds_pass_where_nothing_is_broken() -> None:
    assert first_faults() is None
