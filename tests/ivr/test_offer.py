"""What a called party is offered where its number cannot be billed, told to people who press what a list says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.offer import Sold, settle
from ivr.ports import Admission, CardAnswer, Kind, Leaver, TalkEnded, Warned
from ivr.profile import Card as CardTable
from ivr.profile import Offer, Profile
from ivr.reasons import Reason
from ivr.story import Outcome, tell
from ivr.words import Words
from ledger.money import Money
from tests.support.story import HANG_UP, FakeDesk, FakeParty, admission

BOTH = (Offer.ONECALL, Offer.SALE)
PROFILE = Profile(name="both", card=CardTable(offers=BOTH))
OFFERED = replace(admission(kind=Kind.CARD), offers=BOTH, at_most=Money.from_text("3.375"), fee=Money.from_text("3"))
PAID = admission()
VISA = ("4242424242424242", "1230", "123")
PAY_CALL = "pay 3.375 by Card(ending 4242)"


async def settled(desk: FakeDesk, *keys: str, offered: Admission = OFFERED) -> Admission | Sold | Reason:
    return await settle(FakeParty(*keys), desk, offered, Words(PROFILE))


async def test_a_call_that_somebody_pays_has_nothing_to_settle() -> None:
    desk = FakeDesk()
    assert await settled(desk, offered=PAID) is PAID
    assert desk.log == []


async def test_a_card_pays_this_one_call() -> None:
    desk = FakeDesk(pays=[PAID])
    assert await settled(desk, "1", *VISA) is PAID
    assert desk.log == ["asking for a card", "asked", PAY_CALL]


async def test_what_a_call_can_cost_and_its_fee_are_told_before_the_card_is_asked_for() -> None:
    callee = FakeParty("1", *VISA)
    await settle(callee, FakeDesk(pays=[PAID]), OFFERED, Words(PROFILE))
    told = [clip for clip in callee.heard if clip.partition("/")[0] == "card"]
    assert told[:6] == [
        "card/for-this-call", "card/for-account", "card/charged", "card/fee", "card/enter-card-number",
        "card/enter-expiry",
    ]  # fmt: skip
    assert told[-1] == "card/approved"


async def test_an_account_is_sold_and_the_call_is_chosen_again() -> None:
    desk = FakeDesk(pays=[PAID])
    assert await settled(desk, "2", "2", *VISA) == Sold(PAID)
    assert desk.log[-1] == "deposit 50 by Card(ending 4242)"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (("", "", ""), Reason.NOT_PAID),
        (("9", "8", "7"), Reason.NOT_PAID),
        (("2", "", "", ""), Reason.NOT_PAID),
        (("1", "", "", ""), Reason.NOT_PAID),
        (("1", VISA[0], "1125", "1325", ""), Reason.NOT_PAID),
        (("1", VISA[0], VISA[1], "12", "1#", ""), Reason.NOT_PAID),
        (("1", "4242424242424241", "4242", ""), Reason.NOT_PAID),
        ((HANG_UP,), Reason.REFUSED),
        (("1", HANG_UP), Reason.REFUSED),
        (("1", VISA[0], HANG_UP), Reason.REFUSED),
        (("2", "1", VISA[0], VISA[1], HANG_UP), Reason.REFUSED),
    ],
)
async def test_who_pays_nothing_has_not_accepted_and_no_processor_is_asked(
    keys: tuple[str, ...], reason: Reason
) -> None:
    desk = FakeDesk()
    assert await settled(desk, *keys) is reason
    assert not [each for each in desk.log if "by Card" in each]


async def test_another_card_may_be_tried_as_often_as_the_profile_says() -> None:
    desk = FakeDesk(pays=[CardAnswer.DECLINED, CardAnswer.DECLINED, CardAnswer.DECLINED])
    assert await settled(desk, "1", *VISA, *VISA, *VISA) is Reason.NOT_PAID
    assert desk.log.count(PAY_CALL) == 3


async def test_a_processor_that_does_not_answer_is_not_asked_again() -> None:
    desk = FakeDesk(pays=[CardAnswer.UNKNOWN])
    assert await settled(desk, "1", *VISA) is Reason.NOT_PAID


async def test_a_book_that_does_not_answer_ends_the_call_as_a_fault() -> None:
    assert await settled(FakeDesk(pays=[Reason.FAULT]), "1", *VISA) is Reason.FAULT


@pytest.mark.parametrize("has_courtesy", [True, False])
async def test_a_courtesy_call_is_taken_behind_the_accept_key_or_was_by_another(has_courtesy: bool) -> None:
    free = admission(kind=Kind.COURTESY)
    desk = FakeDesk(has_courtesy=has_courtesy)
    assert await settled(desk, offered=free) is (free if has_courtesy else Reason.NOT_PAID)
    assert desk.log == ["courtesy +12125550123"]


async def test_the_story_goes_from_the_greeting_to_the_payment_to_the_talk() -> None:
    caller, callee = FakeParty("4417"), FakeParty("5", "1", *VISA)
    desk = FakeDesk(admits=OFFERED, callee=callee, pays=[PAID])
    assert await tell(caller, desk, PROFILE, "2125550123") == Outcome(Reason.HUNG_UP, Leaver.CALLEE)
    assert desk.log[1:] == [
        "hold audio on", "ring +12125550123", "asking for a card", "asked", PAY_CALL, "hold audio off", "talking",
        "talk over",
    ]  # fmt: skip


async def test_after_a_sale_the_greeting_tells_the_prepaid_call_and_it_may_be_refused() -> None:
    caller, callee = FakeParty("4417"), FakeParty("5", "2", "1", *VISA, HANG_UP)
    desk = FakeDesk(admits=OFFERED, callee=callee, pays=[PAID])
    assert await tell(caller, desk, PROFILE, "2125550123") == Outcome(Reason.REFUSED, Leaver.CALLEE)
    assert callee.heard.index("card/account-opened") < callee.heard.index("kind/advancepay")
    assert callee.forgot_after == [Words(PROFILE).account_opened(Money.from_text("25"))[-1]]
    assert "talking" not in desk.log


async def test_a_caller_hears_that_nobody_paid() -> None:
    caller = FakeParty("4417")
    desk = FakeDesk(admits=OFFERED, callee=FakeParty("5", "", "", ""))
    assert await tell(caller, desk, PROFILE, "2125550123") == Outcome(Reason.NOT_PAID, Leaver.SWITCH)
    assert caller.heard[-1] == "reason/not-paid"
    assert "dismiss" in desk.log


async def test_the_warning_of_a_courtesy_call_tells_how_to_receive_more() -> None:
    desk = FakeDesk(
        admits=admission(kind=Kind.COURTESY),
        callee=FakeParty("5"),
        talk=[Warned(timedelta(seconds=12)), TalkEnded(Reason.TIME_LIMIT, Leaver.SWITCH)],
    )
    await tell(FakeParty("4417"), desk, PROFILE, "2125550123")
    assert desk.talk.overlaid == [("card/courtesy-ends",)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"onecall_key": "1", "sale_key": "12"}, "cannot be told apart"),
        ({"offers": ("sale", "sale")}, "twice"),
        ({"amounts": (25, 25)}, "twice"),
        ({"amounts": ()}, "at least 1"),
        ({"most": "0"}, "greater than 0"),
        ({"channel": "No Way"}, "pattern"),
    ],
)
def test_a_wrong_table_of_cards_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CardTable.model_validate(values)
