"""Faults put into the product on purpose: the swarm must see each of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scenarios.swarm.run import run_plan
from scenarios.swarm.world import make_plan
from tests.support.facility_mutations import (
    accept_before_the_greeting,
    count_no_calls,
    forget_what_was_chosen,
    go_on_with_a_third_party,
    ignore_the_hours,
    keep_no_suspicion,
    refuse_for_no_limit,
    talk_after_hours,
    tell_a_micro_more,
)
from tests.support.mutations import (
    bill_from_the_answer,
    book_again,
    capture_twice,
    charge_twice,
    earn_without_review,
    forget_the_void,
    forget_who_booked,
    give_the_fee_too,
    keep_rejected_credits,
    keep_what_is_left,
    lose_the_deposit,
    never_cut,
    round_up_to_cents,
)

CALLS = 1020
CARDS = 6037
PAYMENTS = 905004
LINE = 920011
LINE_FEES = 920063
MAIL = 950044
"""The first of some seeds each: calls are talked, cards taken; owners pay in, call the line, pay fees there, write."""
HOURS = 931089
HOURS_IN_TALK = 931182
LIMITS = 931211
PASSIVE = 931000
BALANCES = 931058
PINS = 931051
SUSPICIONS = 931020
"""And of some at whose facility there are hours, limits, and the rest of its ways."""
SEEDS_MAX = 8
"""Seeds within which a fault must be seen: two seconds of them."""


MUTATIONS: list[tuple[Callable[[pytest.MonkeyPatch], None], int, str]] = [
    (charge_twice, CALLS, "costs"),
    (keep_what_is_left, CALLS, "still held"),
    (bill_from_the_answer, CALLS, "when no accept key arrived"),
    (round_up_to_cents, CALLS, "costs"),
    (never_cut, CALLS, "went on for"),
    (capture_twice, CARDS, "taken"),
    (forget_the_void, CARDS, "reserved"),
    (book_again, PAYMENTS, "payment: "),
    (forget_who_booked, PAYMENTS, "the log of agents"),
    (lose_the_deposit, LINE, "in truth"),
    (keep_rejected_credits, MAIL, "mail: "),
    (earn_without_review, MAIL, "mail: "),
    (give_the_fee_too, LINE_FEES, "income is"),
    (ignore_the_hours, HOURS, "outside of"),
    (talk_after_hours, HOURS_IN_TALK, "went on for"),
    (count_no_calls, LIMITS, "calls of"),
    (refuse_for_no_limit, LIMITS, "no limit is reached"),
    (accept_before_the_greeting, PASSIVE, "when no accept key arrived"),
    (tell_a_micro_more, BALANCES, "was told"),
    (forget_what_was_chosen, PINS, "chose a PIN"),
    (keep_no_suspicion, SUSPICIONS, "is noted nowhere"),
    (go_on_with_a_third_party, BALANCES, "and must have between"),
]


def first_faults(first: int) -> tuple[int, tuple[str, ...]] | None:
    """The first seed that fails, and what it found."""
    for seed in range(first, first + SEEDS_MAX):
        faults = run_plan(make_plan(seed, has_media=False)).faults
        if faults:
            return seed, faults
    return None


@pytest.mark.parametrize(("mutate", "first", "words"), MUTATIONS, ids=[mutate.__name__ for mutate, *_ in MUTATIONS])
def test_the_swarm_sees_what_is_broken_and_nothing_where_nothing_is(
    mutate: Callable[[pytest.MonkeyPatch], None], first: int, words: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        mutate(patch)
        found = first_faults(first)
    assert found is not None, f"{SEEDS_MAX} seeds passed, and the switch is broken: {mutate.__doc__}"
    seed, faults = found
    assert any(words in fault for fault in faults), found
    assert run_plan(make_plan(seed, has_media=False)).faults == ()
