"""The story of a call, told to people and a desk that do what the test says."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ivr.menus import MENUS
from ivr.ports import Desk, Kind, Leaver, OverlayDue, Party, Person, TalkEnded, Warned
from ivr.profile import Hears, Inside, Keys, Outside, Overlay, Profile, Talking
from ivr.profile_file import load_profile
from ivr.reasons import Reason
from ivr.story import Choice, Outcome, greet, tell
from prompts.catalog import ClipId
from tests.support.story import HANG_UP, JORDAN, WAIT, FakeDesk, FakeParty, admission

PROFILE = load_profile("california-gtl")
NUMBER = "2125550123"


async def test_an_accepted_call_is_talked_until_somebody_hangs_up() -> None:
    caller, callee = FakeParty("4417"), FakeParty("5")
    desk = FakeDesk(admits=admission(), callee=callee)
    outcome = await tell(caller, desk, PROFILE, NUMBER)
    assert outcome == Outcome(Reason.HUNG_UP, Leaver.CALLEE)
    assert desk.log == [
        f"admit jordan {NUMBER} collect",
        "hold audio on",
        "ring +12125550123",
        "hold audio off",
        "talking",
        "talk over",
    ]


async def test_the_greeting_is_heard_in_the_order_of_the_profile() -> None:
    callee = FakeParty("5")
    await greet(callee, JORDAN, admission(), PROFILE)
    firsts = [clip for clip in callee.heard if clip.split("/")[0] in {"outside", "kind"}]
    assert firsts == [
        "outside/call-through",
        "kind/advancepay",
        "outside/from",
        "outside/at",
        "outside/recorded",
        "outside/hear-price",
        "outside/accept",
        "outside/refuse-by-hanging-up",
        "outside/block",
    ]
    assert "name/jordan" in callee.heard
    assert "facility/state-prison" in callee.heard


async def test_a_privileged_call_says_that_it_is_not_recorded() -> None:
    callee = FakeParty("5")
    await greet(callee, JORDAN, admission(is_privileged=True), PROFILE)
    assert "outside/not-recorded" in callee.heard
    assert "outside/recorded" not in callee.heard


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["5"], Choice.ACCEPTED),
        (["7"], Choice.BLOCKED),
        ([HANG_UP], Choice.REFUSED),
        (["", "", ""], Choice.NOTHING),
        (["9", "", "5"], Choice.ACCEPTED),
        (["9", "1", "3"], Choice.NOTHING),
        (["2", "5"], Choice.ACCEPTED),
        (["2", "2", "2", "", "", ""], Choice.NOTHING),
        (["2", "2", "2", "2", "2", "2"], Choice.NOTHING),
        (["", "", HANG_UP], Choice.REFUSED),
    ],
)
async def test_the_greeting_ends_with_the_choice_of_the_called_party(keys: list[str], choice: Choice) -> None:
    assert await greet(FakeParty(*keys), JORDAN, admission(), PROFILE) is choice


async def test_the_price_is_told_at_the_press_of_a_key_and_the_choices_follow() -> None:
    callee = FakeParty("2", "5")
    await greet(callee, JORDAN, admission(first="1.50", each="0.12"), PROFILE)
    told = callee.heard[callee.heard.index(ClipId("price/first-minute")) :]
    assert told[:7] == [
        "price/first-minute", "number/1", "unit/dollar-and", "number/50", "unit/cents", "pause/short",
        "price/each-further-minute",
    ]  # fmt: skip
    assert "outside/accept" in told


async def test_one_price_for_every_minute_is_said_once() -> None:
    callee = FakeParty("2", "5")
    await greet(callee, JORDAN, admission(), PROFILE)
    assert "price/each-minute" in callee.heard
    assert "price/first-minute" not in callee.heard


async def test_a_free_call_says_that_it_costs_nothing() -> None:
    callee = FakeParty("2", "5")
    await greet(callee, JORDAN, admission(kind=Kind.FREE, first="0", each="0"), PROFILE)
    assert "kind/free" in callee.heard
    assert "price/nothing" in callee.heard


async def test_keys_of_two_digits_and_a_key_to_refuse_are_data_of_the_profile() -> None:
    profile = Profile(name="county", keys=Keys(accept="3", block="76", refuse="1"))
    assert await greet(FakeParty("76"), JORDAN, admission(), profile) is Choice.BLOCKED
    assert await greet(FakeParty("7", "3"), JORDAN, admission(), profile) is Choice.ACCEPTED
    assert await greet(FakeParty("1"), JORDAN, admission(), profile) is Choice.REFUSED


async def test_refusing_by_hanging_up_is_told_to_the_caller() -> None:
    caller = FakeParty("4417")
    desk = FakeDesk(admits=admission(), callee=FakeParty(HANG_UP))
    assert await tell(caller, desk, PROFILE, NUMBER) == Outcome(Reason.REFUSED, Leaver.CALLEE)
    assert caller.heard[-1] == "reason/refused"
    assert "talking" not in desk.log


async def test_blocking_is_stored_before_it_is_confirmed() -> None:
    caller, callee = FakeParty("4417"), FakeParty("7")
    desk = FakeDesk(admits=admission(), callee=callee)
    assert await tell(caller, desk, PROFILE, NUMBER) == Outcome(Reason.BLOCKED_BY_CALLEE, Leaver.CALLEE)
    assert desk.log[-3:] == ["block +12125550123", "hold audio off", "dismiss"] or "block +12125550123" in desk.log
    assert "outside/now-blocked" in callee.heard


async def test_a_machine_that_answers_presses_nothing_and_is_released_unpaid() -> None:
    caller = FakeParty("4417")
    desk = FakeDesk(admits=admission(), callee=FakeParty("", "", ""))
    assert await tell(caller, desk, PROFILE, NUMBER) == Outcome(Reason.NOT_ACCEPTED, Leaver.SWITCH)
    assert "dismiss" in desk.log
    assert "talking" not in desk.log


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


async def test_giving_up_during_the_greeting_ends_the_call() -> None:
    caller, callee = FakeParty("4417"), FakeParty(WAIT)
    desk = FakeDesk(admits=admission(), callee=callee)
    telling = asyncio.ensure_future(tell(caller, desk, PROFILE, NUMBER))
    while not callee.heard:
        await asyncio.sleep(0)
    caller.hang_up()
    assert await telling == Outcome(Reason.GAVE_UP, Leaver.CALLER)


async def test_hanging_up_while_entering_the_pin_ends_the_call() -> None:
    assert await tell(FakeParty(HANG_UP), FakeDesk(), PROFILE, NUMBER) == Outcome(Reason.GAVE_UP, Leaver.CALLER)


async def test_warnings_are_said_over_the_conversation() -> None:
    desk = FakeDesk(
        admits=admission(),
        callee=FakeParty("5"),
        talk=[
            Warned(timedelta(seconds=60)),
            Warned(timedelta(seconds=30)),
            Warned(timedelta(seconds=10)),
            TalkEnded(Reason.FUNDS_EXHAUSTED, Leaver.SWITCH),
        ],
    )
    outcome = await tell(FakeParty("4417"), desk, PROFILE, NUMBER)
    assert outcome == Outcome(Reason.FUNDS_EXHAUSTED, Leaver.SWITCH)
    assert desk.talk.overlaid == [
        ("talk/one-minute-left",),
        ("talk/thirty-seconds-left",),
        ("talk/you-have", "number/10", "unit/seconds", "talk/left"),
    ]


async def test_a_fault_below_is_not_mistaken_for_a_hang_up() -> None:
    class BrokenDesk(FakeDesk):
        async def station_refusal(self) -> Reason | None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await tell(FakeParty("4417"), BrokenDesk(), PROFILE, NUMBER)


async def test_words_of_the_profile_take_the_place_of_the_usual_ones() -> None:
    own = Profile(
        name="own",
        talking=Talking(warning_words={"60": ("mine/hurry",)}, warnings_heard_by=Hears.CALLER),
        overlays=(Overlay(every=30, words=("mine/prison",), heard_by=Hears.CALLEE),),
    )
    desk = FakeDesk(
        admits=admission(),
        callee=FakeParty("5"),
        talk=[
            OverlayDue(own.overlays[0]),
            Warned(timedelta(seconds=60)),
            Warned(timedelta(seconds=30)),
            TalkEnded(Reason.HUNG_UP, Leaver.CALLEE),
        ],
    )
    await tell(FakeParty("4417"), desk, own, NUMBER)
    assert desk.talk.overlaid == [("mine/prison",), ("mine/hurry",), ("talk/thirty-seconds-left",)]
    assert desk.talk.heard_by == [Hears.CALLEE, Hears.CALLER, Hears.CALLER]


async def test_a_reason_is_told_in_the_words_of_the_profile() -> None:
    caller = FakeParty("4417")
    profile = Profile(name="own", reasons={Reason.BUSY: ("mine/busy", "inside/goodbye")})
    await tell(caller, FakeDesk(admits=admission(), callee=Reason.BUSY), profile, NUMBER)
    assert caller.heard[-2:] == ["mine/busy", "inside/goodbye"]


async def test_who_presses_nothing_hears_the_last_words_of_the_profile() -> None:
    callee = FakeParty("", "", "")
    profile = Profile(name="own", outside=Outside(when_silent=("outside/no-key", "outside/goodbye")))
    desk = FakeDesk(admits=admission(), callee=callee)
    assert (await tell(FakeParty("4417"), desk, profile, NUMBER)).reason is Reason.NOT_ACCEPTED
    assert callee.heard[-2:] == ["outside/no-key", "outside/goodbye"]


async def test_without_a_block_key_nobody_blocks_and_nobody_is_told_how() -> None:
    callee = FakeParty("7", "5")
    assert await greet(callee, JORDAN, admission(), Profile(name="own", keys=Keys(block=""))) is Choice.ACCEPTED
    assert "outside/block" not in callee.heard


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
