"""The model of messages and their credits, judged by examples a person can check by hand."""

from __future__ import annotations

import pytest

from scenarios.swarm.mail_model import Bought, MailModel, Sent, Stepped

THREE = Bought("b1", "holder", 3, 100_000, None, 5, "done")
LETTER = Sent("m1", "holder", 11, is_their_facility=True, is_contact=True, answer="done")
"""Of two credits, where one goes for ten characters: two thirds of a bundle of three, and micros downwards."""


def judged(*acts: Bought | Sent | Stepped, keeps: bool = False) -> MailModel:
    model = MailModel(10, keeps)
    model.judge(acts)
    return model


def stepped(*steps: str) -> list[Stepped]:
    return [Stepped("m1", step, "done") for step in steps]


def facts(model: MailModel) -> tuple[int, int, int, int]:
    return model.owed("holder"), model.credits_left("holder"), model.earned, model.fees


@pytest.mark.parametrize(
    ("acts", "keeps", "expected"),
    [
        ([THREE], False, (100_000, 3, 0, 5)),
        ([THREE, THREE], False, (100_000, 3, 0, 5)),
        ([THREE, LETTER, LETTER], False, (100_000, 1, 0, 5)),
        ([THREE, LETTER, *stepped("review", "approve", "approve", "deliver")], False, (33_334, 1, 66_666, 5)),
        ([THREE, LETTER, *stepped("review", "reject")], False, (100_000, 3, 0, 5)),
        ([THREE, LETTER, *stepped("review", "reject")], True, (33_334, 1, 66_666, 5)),
    ],
)
def test_credits_and_their_money_are_where_they_must_be(
    acts: list[Bought | Sent | Stepped], keeps: bool, expected: tuple[int, int, int, int]
) -> None:
    model = judged(*acts, keeps=keeps)
    assert (facts(model), model.faults) == (expected, [])


@pytest.mark.parametrize(
    ("acts", "words"),
    [
        ([LETTER], "NO_CREDITS"),
        ([THREE, Sent("m1", "holder", 31, True, True, "done")], "NO_CREDITS"),
        ([THREE, Sent("m1", "holder", 30, True, True, "NO_CREDITS")], "['done']"),
        ([THREE, Sent("m1", "holder", 1, True, False, "done")], "NOT_A_CONTACT"),
        ([THREE, Sent("m1", "holder", 1, False, True, "done")], "NOT_THIS_FACILITY"),
        ([THREE, LETTER, *stepped("deliver")], "WRONG_STATE"),
        ([THREE, LETTER, *stepped("review", "reject", "deliver")], "WRONG_STATE"),
        ([Bought("b1", "holder", 3, 1, None, 0, "INSUFFICIENT_FUNDS")], "['done']"),
    ],
)
def test_a_wrong_answer_is_a_fault(acts: list[Bought | Sent | Stepped], words: str) -> None:
    found = judged(*acts).faults
    assert len(found) == 1
    assert words in found[0]
