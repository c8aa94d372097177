"""Faults put into the product on purpose: the swarm must see each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scenarios.swarm.run import run_plan
from scenarios.swarm.world import make_plan
from tests.support.mutations import (
    bill_from_the_answer,
    charge_twice,
    keep_what_is_left,
    never_cut,
    round_up_to_cents,
)

FIRST = 1001
SEEDS_MAX = 8
"""Seeds within which a fault must be seen: two seconds of them."""


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
