"""The simulated processor: a test card decides what happens, and nothing is done twice under one id."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest

from ivr.card_number import Card, is_valid_number
from ledger.money import ZERO, Money
from switch.payments.gateway import Approved, Declined, Done, NoAnswerError, Rejected
from switch.payments.simulated import TEST_CARDS, Behaviour, SimulatedProcessor, Standing

FIVE, TWO, ONE = (Money.from_text(each) for each in ("5", "2", "1"))
P = "call-1/card/1"


def card(behaviour: Behaviour) -> Card:
    return Card(next(number for number, does in TEST_CARDS.items() if does is behaviour), "1230", "123")


VISA = card(Behaviour.APPROVES)


def test_every_test_card_can_be_entered_and_every_behaviour_has_one() -> None:
    assert all(map(is_valid_number, TEST_CARDS))
    assert set(TEST_CARDS.values()) == set(Behaviour)


async def test_what_was_reserved_is_taken_in_part_and_the_rest_is_free() -> None:
    processor = SimulatedProcessor()
    assert await processor.authorise(P, VISA, FIVE) == Approved("4242")
    assert processor.reserved == FIVE
    for _ in range(2):
        await processor.capture(P, TWO)
    assert (processor.reserved, processor.taken) == (ZERO, TWO)
    with pytest.raises(NoAnswerError):
        await processor.capture(P, ONE)
    with pytest.raises(NoAnswerError):
        await processor.void(P)


async def test_the_same_payment_again_reserves_nothing_more() -> None:
    processor = SimulatedProcessor()
    assert [await processor.authorise(P, VISA, FIVE) for _ in range(3)] == [Approved("4242")] * 3
    assert await processor.authorise("call-2/card/1", card(Behaviour.DUPLICATES), TWO) == Approved("0259")
    assert processor.reserved == FIVE + TWO


@pytest.mark.parametrize("behaviour", [Behaviour.DECLINES, Behaviour.LACKS_FUNDS])
async def test_a_declined_card_reserves_nothing(behaviour: Behaviour) -> None:
    processor = SimulatedProcessor()
    assert await processor.authorise(P, card(behaviour), FIVE) == Declined(behaviour.value)
    await processor.void(P)
    assert processor.payments[P].standing is Standing.DECLINED


async def test_a_card_that_is_no_test_card_is_declined() -> None:
    answer = await SimulatedProcessor().authorise(P, Card("6011111111111117", "1230", "123"), FIVE)
    assert answer == Declined("declined: not a test card")


@pytest.mark.parametrize(("behaviour", "reserved"), [(Behaviour.LOSES_ANSWER, FIVE), (Behaviour.LOSES_REQUEST, ZERO)])
async def test_an_answer_that_never_comes_leaves_it_open_what_is_reserved(
    behaviour: Behaviour, reserved: Money
) -> None:
    processor = SimulatedProcessor()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(20):
            await processor.authorise(P, card(behaviour), FIVE)
    assert processor.reserved == reserved
    await processor.void(P)
    assert processor.reserved == ZERO
    assert isinstance(await processor.authorise(P, VISA, FIVE), Declined), "what was voided stays so"


async def test_a_refund_whose_answer_is_lost_is_given_once_though_it_is_asked_for_again() -> None:
    processor = SimulatedProcessor()
    await processor.authorise(P, card(Behaviour.LOSES_ENDS), FIVE)
    for is_lost in (True, False):
        with pytest.raises(TimeoutError) if is_lost else nullcontext():
            async with asyncio.timeout(10):
                await processor.capture(P, TWO)
    for is_lost in (True, False):
        with pytest.raises(TimeoutError) if is_lost else nullcontext():
            async with asyncio.timeout(10):
                await processor.refund(P, "refund-1", ONE)
    assert processor.taken == ONE


@pytest.mark.parametrize("end", ["capture", "void"])
async def test_a_lost_end_is_done_once_though_it_is_asked_for_again(end: str) -> None:
    processor = SimulatedProcessor()
    await processor.authorise(P, card(Behaviour.LOSES_ENDS), FIVE)

    async def ask() -> None:
        async with asyncio.timeout(10):
            await (processor.capture(P, TWO) if end == "capture" else processor.void(P))

    with pytest.raises(TimeoutError):
        await ask()
    await ask()
    assert (processor.reserved, processor.taken) == (ZERO, TWO if end == "capture" else ZERO)


async def test_a_refund_is_given_once_and_never_more_than_was_taken() -> None:
    processor = SimulatedProcessor()
    await processor.authorise(P, VISA, FIVE)
    await processor.capture(P, TWO)
    assert [await processor.refund(P, "refund-1", ONE) for _ in range(2)] == [Done(), Done()]
    assert processor.taken == ONE
    with pytest.raises(NoAnswerError):
        await processor.refund(P, "refund-2", TWO)


async def test_a_capture_that_is_refused_is_refused_again_and_frees_what_was_reserved() -> None:
    processor = SimulatedProcessor()
    await processor.authorise(P, card(Behaviour.REFUSES_CAPTURE), FIVE)
    assert [type(await processor.capture(P, TWO)) for _ in range(2)] == [Rejected, Rejected]
    await processor.void(P)
    assert (processor.payments[P].standing, processor.reserved, processor.taken) == (Standing.REFUSED, ZERO, ZERO)


async def test_a_refund_that_is_refused_gives_nothing_back() -> None:
    processor = SimulatedProcessor()
    await processor.authorise(P, card(Behaviour.REFUSES_REFUND), FIVE)
    assert await processor.capture(P, TWO) == Done()
    assert [type(await processor.refund(P, "refund-1", ONE)) for _ in range(2)] == [Rejected, Rejected]
    assert processor.taken == TWO


async def test_a_processor_outlives_its_process_by_its_journal_which_knows_no_card(tmp_path: Path) -> None:
    journal = tmp_path / "processor.jsonl"
    first = SimulatedProcessor(journal)
    await first.authorise(P, VISA, FIVE)
    await first.authorise("call-2/card/1", VISA, TWO)
    await first.capture(P, TWO)
    await first.refund(P, "refund-1", ONE)
    second = SimulatedProcessor(journal)
    assert second.payments == first.payments
    await second.refund(P, "refund-1", ONE)
    assert second.taken == ONE, "what was given back before is not given again"
    assert VISA.number not in journal.read_text(encoding="utf-8")


@pytest.mark.parametrize("ask", ["capture", "refund"])
async def test_of_an_unknown_payment_nothing_is_taken_or_given(ask: str) -> None:
    processor = SimulatedProcessor()
    with pytest.raises(NoAnswerError):
        await (processor.capture(P, ONE) if ask == "capture" else processor.refund(P, "r", ONE))
