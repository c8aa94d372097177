"""Faults put into the product on purpose: the library must see each of them, in the scenario that is about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from scenarios.language.scenario import load_scenario
from scenarios.play.run import Options, run_scenario
from tests.support.mutations import (
    bill_from_the_answer,
    capture_twice,
    charge_twice,
    forget_the_void,
    keep_what_is_left,
    never_cut,
    round_up_to_cents,
)

LIBRARY: Final = Path(__file__).parents[3] / "scenarios" / "library"

SEEN_BY: Final[list[tuple[Callable[[pytest.MonkeyPatch], None], str]]] = [
    (charge_twice, "failures/charged-twice"),
    (keep_what_is_left, "failures/reservation-leaked"),
    (bill_from_the_answer, "failures/ring-time-billed"),
    (round_up_to_cents, "accepting/money-runs-out"),
    (never_cut, "failures/credit-gone-but-call-goes-on"),
    (capture_twice, "card/onecall-talked-and-captured"),
    (forget_the_void, "card/hung-up-while-the-card-is-checked"),
]


@pytest.mark.parametrize(("mutate", "name"), SEEN_BY, ids=[mutate.__name__ for mutate, _ in SEEN_BY])
def test_the_library_sees_what_is_broken(
    mutate: Callable[[pytest.MonkeyPatch], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario(LIBRARY / f"{name}.yaml")
    assert run_scenario(scenario, Options()).is_passed
    mutate(monkeypatch)
    result = run_scenario(scenario, Options())
    assert not result.is_passed, f"{name} passed, and the switch is broken: {mutate.__doc__}"
