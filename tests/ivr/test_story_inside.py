"""The story of a call as the person inside lives it: language, PIN, menus, number, and why there is no talk."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.menus import MENUS
from ivr.ports import Balance, Desk, Kind, Leaver, Party, Person
from ivr.profile import Inside, Profile, SpokenName
from ivr.reasons import Reason
from ivr.story import Outcome, tell
from ledger.money import Money
from prompts.catalog import ClipId
from tests.support.story import BOTH_LANGUAGES, HANG_UP, JORDAN, NUMBER, PROFILE, FakeDesk, FakeParty, admission


async def test_three_bad_pins_lock_the_station() -> None:
    caller = FakeParty("0000", "1111", "2222")
    desk = FakeDesk()
    assert await tell(caller, desk, PROFILE, NUMBER) == Outcome(Reason.BAD_PIN, Leaver.SWITCH)
    assert desk.log == ["locked"]
    assert caller.heard[-1] == "reason/bad-pin"


async def test_the_third_try_may_be_right() -> None:
    desk = FakeDesk(admits=Reason.BLOCKED)
    assert (await tell(FakeParty("0000", "", "4417"), desk, PROFILE, NUMBER)).reason is Reason.BLOCKED


async def test_a_locked_station_is_not_even_asked() -> None:
    caller = FakeParty()
    assert (await tell(caller, FakeDesk(refuses=Reason.LOCKED_OUT), PROFILE, NUMBER)).reason is Reason.LOCKED_OUT
    assert caller.heard == ["reason/locked-out"]


async def test_who_dials_zero_is_asked_for_everything() -> None:
    caller = FakeParty("4417", "1", "2125550123")
    desk = FakeDesk(admits=Reason.NO_FUNDS)
    assert (await tell(caller, desk, PROFILE, None)).reason is Reason.NO_FUNDS
    assert desk.log == ["admit jordan 2125550123 debit"]


async def test_an_invalid_number_may_be_entered_again() -> None:
    caller = FakeParty("4417", "0", "1", "2125550123")
    desk = FakeDesk(admits=[Reason.INVALID_NUMBER, Reason.NO_FUNDS])
    assert (await tell(caller, desk, PROFILE, None)).reason is Reason.NO_FUNDS
    assert "reason/invalid-number" in caller.heard


@pytest.mark.parametrize("keys", [("4417", "", "", ""), ("4417", "0", "", "", "")])
async def test_silence_instead_of_a_choice_or_a_number_ends_the_call(keys: tuple[str, ...]) -> None:
    assert (await tell(FakeParty(*keys), FakeDesk(), PROFILE, None)).reason is Reason.NO_NUMBER


@pytest.mark.parametrize("reason", [Reason.BUSY, Reason.NO_ANSWER, Reason.UNREACHABLE])
async def test_a_called_party_that_is_not_reached_is_explained(reason: Reason) -> None:
    caller = FakeParty("4417")
    assert (await tell(caller, FakeDesk(admits=admission(), callee=reason), PROFILE, NUMBER)).reason is reason
    assert caller.heard[-1] == f"reason/{reason.value}"


async def test_giving_up_while_it_rings_cancels_the_ringing() -> None:
    caller = FakeParty("4417")
    desk = FakeDesk(admits=admission(), callee=None)
    telling = asyncio.ensure_future(tell(caller, desk, PROFILE, NUMBER))
    while "ring +12125550123" not in desk.log:
        await asyncio.sleep(0)
    caller.hang_up()
    assert await telling == Outcome(Reason.GAVE_UP, Leaver.CALLER)
    assert "ringing cancelled" in desk.log


async def test_hanging_up_while_entering_the_pin_ends_the_call() -> None:
    assert await tell(FakeParty(HANG_UP), FakeDesk(), PROFILE, NUMBER) == Outcome(Reason.GAVE_UP, Leaver.CALLER)


async def test_a_fault_below_is_not_mistaken_for_a_hang_up() -> None:
    class BrokenDesk(FakeDesk):
        async def station_refusal(self) -> Reason | None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await tell(FakeParty("4417"), BrokenDesk(), PROFILE, NUMBER)


async def test_a_reason_is_told_in_the_words_of_the_profile() -> None:
    caller = FakeParty("4417")
    profile = Profile(name="own", reasons={Reason.BUSY: ("mine/busy", "inside/goodbye")})
    await tell(caller, FakeDesk(admits=admission(), callee=Reason.BUSY), profile, NUMBER)
    assert caller.heard[-2:] == ["mine/busy", "inside/goodbye"]


async def test_menus_of_the_profile_come_between_the_pin_and_the_number() -> None:
    caller = FakeParty("4417", "0", "2125550123")
    profile = Profile(name="own", inside=Inside(menus=("time-limit",)))
    await tell(caller, FakeDesk(admits=Reason.NO_FUNDS), profile, None)
    said = [clip for clip in caller.heard if clip.startswith("inside/")]
    assert said.index(ClipId("inside/enter-pin")) < said.index(ClipId("inside/calls-last"))
    assert said.index(ClipId("inside/calls-last")) < said.index(ClipId("inside/enter-number"))


async def test_a_menu_may_end_the_call_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def closed(caller: Party, desk: Desk, profile: Profile, person: Person) -> Reason | None:
        return Reason.OUTSIDE_HOURS

    monkeypatch.setitem(MENUS, "closed", closed)
    profile = Profile(name="own", inside=Inside(menus=("closed",)))
    caller, desk = FakeParty("4417"), FakeDesk()
    assert await tell(caller, desk, profile, NUMBER) == Outcome(Reason.OUTSIDE_HOURS, Leaver.SWITCH)
    assert caller.heard[-1] == "reason/outside-hours"
    assert desk.log == []


async def test_a_language_is_chosen_before_the_pin_and_spoken_from_then_on() -> None:
    caller, callee = FakeParty("2", "4417"), FakeParty("5")
    await tell(caller, FakeDesk(admits=admission(), callee=callee), BOTH_LANGUAGES, NUMBER)
    assert caller.heard == [
        ClipId("language/to-continue"),
        ClipId("key/1"),
        ClipId("es/language/to-continue"),
        ClipId("es/key/2"),
        ClipId("es/inside/welcome"),
        ClipId("provider/payphone"),
        ClipId("es/inside/enter-pin"),
    ]
    assert callee.heard[0] == "outside/call-through"


async def test_who_chooses_no_language_hears_the_first() -> None:
    caller = FakeParty("", "4417")
    await tell(caller, FakeDesk(admits=Reason.BLOCKED), BOTH_LANGUAGES, NUMBER)
    assert caller.heard[-1] == "reason/blocked"


async def test_a_reason_is_told_in_the_language_that_was_chosen() -> None:
    caller = FakeParty("2", "4417")
    await tell(caller, FakeDesk(admits=Reason.BLOCKED), BOTH_LANGUAGES, NUMBER)
    assert caller.heard[-1] == "es/reason/blocked"


@pytest.mark.parametrize(("tells", "heard"), [(True, True), (False, False)])
async def test_the_person_inside_hears_the_price_of_a_debit_call(*, tells: bool, heard: bool) -> None:
    caller = FakeParty("4417")
    profile = Profile(name="own", inside=Inside(tells_debit_price=tells))
    await tell(caller, FakeDesk(admits=admission(kind=Kind.DEBIT), callee=Reason.BUSY), profile, NUMBER)
    assert ("price/each-minute" in caller.heard) is heard


async def test_a_first_call_begins_with_the_choice_of_a_pin_and_the_name() -> None:
    caller = FakeParty("4417", "63", "64", "63", "63")
    desk = FakeDesk(admits=admission(), callee=Reason.BUSY)
    desk.person = replace(JORDAN, must_choose_pin=True, must_say_name=True)
    desk.names = [None, Person("jordan", (ClipId("spoken/0815"),))]
    profile = Profile(name="own", inside=Inside(pin_length=6, pin_chosen=2, name=SpokenName.ONCE))
    await tell(caller, desk, profile, NUMBER)
    assert desk.log[:3] == ["PIN 63 chosen", "name of 4 s recorded", "name of 4 s recorded"]
    assert caller.heard.count(ClipId("inside/digits-differ")) == 1
    assert caller.heard.count(ClipId("inside/name-not-heard")) == 1


async def test_who_cannot_choose_the_same_pin_twice_calls_nobody() -> None:
    caller = FakeParty("4417", "63", "64", "6", "63", "65")
    desk = FakeDesk(admits=admission())
    desk.person = replace(JORDAN, must_choose_pin=True)
    outcome = await tell(caller, desk, Profile(name="own", inside=Inside(pin_length=6, pin_chosen=2)), NUMBER)
    assert outcome.reason is Reason.BAD_PIN
    assert not desk.log


async def test_who_was_slower_to_choose_a_pin_hears_so_and_calls_nobody() -> None:
    caller = FakeParty("4417", "63", "63")
    desk = FakeDesk(admits=admission())
    desk.person, desk.pin_is_free = replace(JORDAN, must_choose_pin=True, must_say_name=True), False
    outcome = await tell(caller, desk, Profile(name="own", inside=Inside(pin_length=6, pin_chosen=2)), NUMBER)
    assert outcome.reason is Reason.BAD_PIN
    assert desk.log == ["PIN 63 chosen"]
    assert caller.heard[-2:] == [ClipId("inside/pin-taken"), ClipId("reason/bad-pin")]


async def test_the_balance_is_told_before_the_number_and_no_more_than_three_times() -> None:
    caller = FakeParty("4417", "2", "0", "2125550123")
    desk = FakeDesk(admits=Reason.BLOCKED)
    desk.left = Balance(Money.from_text("1.25"), (timedelta(minutes=15),))
    profile = Profile(name="own", inside=Inside(balance_key="2"))
    await tell(caller, desk, profile, None)
    told = caller.heard[caller.heard.index(ClipId("inside/you-have")) :]
    assert [clip for clip in told if clip.startswith("inside/")][:4] == [
        "inside/you-have",
        "inside/in-your-account",
        "inside/you-have",
        "inside/of-free-calls",
    ]
    again = FakeParty("4417", *"2222", "0", "2125550123")
    await tell(again, FakeDesk(admits=Reason.BLOCKED), profile, None)
    assert again.heard.count(ClipId("inside/you-have-nothing")) == 3
