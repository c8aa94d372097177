"""The story of a call as the called party lives it: the greeting and its choice, machines, and the talk."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ivr.answering_machine import AnsweringMachine, Then, ToldBy
from ivr.greeting import Choice, greet
from ivr.ports import Acceptance, Admission, Kind, Leaver, OverlayDue, TalkEnded, Warned
from ivr.profile import Hears, Keys, Outside, Overlay, Profile, Talking
from ivr.reasons import Reason
from ivr.story import Outcome, tell
from ivr.words import Words
from prompts.catalog import ClipId
from tests.support.story import BOTH_LANGUAGES, HANG_UP, JORDAN, NUMBER, PROFILE, WAIT, FakeDesk, FakeParty, admission

BY_SOUND = PROFILE.model_copy(update={"machine": AnsweringMachine(told_by=ToldBy.SOUND)})


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
    await _greeted(callee, admission(), PROFILE)
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
    await _greeted(callee, admission(is_privileged=True), PROFILE)
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
    assert await _greeted(FakeParty(*keys), admission(), PROFILE) is choice


async def test_the_price_is_told_at_the_press_of_a_key_and_the_choices_follow() -> None:
    callee = FakeParty("2", "5")
    await _greeted(callee, admission(first="1.50", each="0.12"), PROFILE)
    told = callee.heard[callee.heard.index(ClipId("price/first-minute")) :]
    assert told[:7] == [
        "price/first-minute", "number/1", "unit/dollar-and", "number/50", "unit/cents", "pause/short",
        "price/each-further-minute",
    ]  # fmt: skip
    assert "outside/accept" in told


async def test_one_price_for_every_minute_is_said_once() -> None:
    callee = FakeParty("2", "5")
    await _greeted(callee, admission(), PROFILE)
    assert "price/each-minute" in callee.heard
    assert "price/first-minute" not in callee.heard


async def test_a_free_call_says_that_it_costs_nothing() -> None:
    callee = FakeParty("2", "5")
    await _greeted(callee, admission(kind=Kind.FREE, first="0", each="0"), PROFILE)
    assert "kind/free" in callee.heard
    assert "price/nothing" in callee.heard


async def test_keys_of_two_digits_and_a_key_to_refuse_are_data_of_the_profile() -> None:
    profile = Profile(name="county", keys=Keys(accept="3", block="76", refuse="1"))
    assert await _greeted(FakeParty("76"), admission(), profile) is Choice.BLOCKED
    assert await _greeted(FakeParty("7", "3"), admission(), profile) is Choice.ACCEPTED
    assert await _greeted(FakeParty("1"), admission(), profile) is Choice.REFUSED


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


async def test_a_machine_that_is_heard_is_released_at_once_and_the_caller_is_told() -> None:
    caller, callee = FakeParty("4417"), FakeParty(WAIT)
    callee.is_machine.set()
    desk = FakeDesk(admits=admission(), callee=callee)
    assert await tell(caller, desk, BY_SOUND, NUMBER) == Outcome(Reason.ANSWERING_MACHINE, Leaver.SWITCH)
    assert caller.heard[-1] == "reason/answering-machine"
    assert "dismiss" in desk.log
    assert "talking" not in desk.log


@pytest.mark.parametrize("machine", [AnsweringMachine(), AnsweringMachine(told_by=ToldBy.SOUND, then=Then.GO_ON)])
async def test_a_machine_that_is_heard_is_let_go_on_where_the_profile_does_not_hang_up(
    machine: AnsweringMachine,
) -> None:
    callee = FakeParty("", "5")
    callee.is_machine.set()
    desk = FakeDesk(admits=admission(), callee=callee)
    outcome = await tell(FakeParty("4417"), desk, PROFILE.model_copy(update={"machine": machine}), NUMBER)
    assert outcome.reason is Reason.HUNG_UP


async def test_nobody_asks_for_machines_where_nothing_is_announced() -> None:
    callee = FakeParty("5")
    callee.is_machine.set()
    desk = FakeDesk(admits=admission(acceptance=Acceptance.ANSWER), callee=callee)
    outcome = await tell(FakeParty("4417"), desk, BY_SOUND, NUMBER)
    assert outcome.reason is Reason.HUNG_UP, "a number without a greeting pays nothing, and nobody is released"


async def test_giving_up_during_the_greeting_ends_the_call() -> None:
    caller, callee = FakeParty("4417"), FakeParty(WAIT)
    desk = FakeDesk(admits=admission(), callee=callee)
    telling = asyncio.ensure_future(tell(caller, desk, PROFILE, NUMBER))
    while not callee.heard:
        await asyncio.sleep(0)
    caller.hang_up()
    assert await telling == Outcome(Reason.GAVE_UP, Leaver.CALLER)


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


async def test_who_presses_nothing_hears_the_last_words_of_the_profile() -> None:
    callee = FakeParty("", "", "")
    profile = Profile(name="own", outside=Outside(when_silent=("outside/no-key", "outside/goodbye")))
    desk = FakeDesk(admits=admission(), callee=callee)
    assert (await tell(FakeParty("4417"), desk, profile, NUMBER)).reason is Reason.NOT_ACCEPTED
    assert callee.heard[-2:] == ["outside/no-key", "outside/goodbye"]


async def test_without_a_block_key_nobody_blocks_and_nobody_is_told_how() -> None:
    callee = FakeParty("7", "5")
    assert await _greeted(callee, admission(), Profile(name="own", keys=Keys(block=""))) is Choice.ACCEPTED
    assert "outside/block" not in callee.heard


async def test_the_called_party_changes_the_language_by_a_key_and_hears_the_greeting_again() -> None:
    callee = FakeParty("8", "5")
    choice, say = await greet(callee, JORDAN, admission(), Words(BOTH_LANGUAGES))
    assert (choice, say.tongue.language) == (Choice.ACCEPTED, "es")
    at = callee.heard.index(ClipId("es/language/to-hear-this"))
    assert callee.heard[at + 1 : at + 3] == [ClipId("es/key/8"), ClipId("es/outside/call-through")]
    assert callee.heard[-2:] == [ClipId("language/to-hear-this"), ClipId("key/8")]


async def test_a_number_is_greeted_in_its_own_language() -> None:
    callee = FakeParty("5")
    await tell(FakeParty("", "4417"), FakeDesk(admits=admission(language="es"), callee=callee), BOTH_LANGUAGES, NUMBER)
    assert callee.heard[0] == "es/outside/call-through"
    assert "name/jordan" in callee.heard


async def test_each_is_warned_in_their_own_language() -> None:
    desk = FakeDesk(
        admits=admission(language="es"),
        callee=FakeParty("5"),
        talk=[Warned(timedelta(minutes=1)), TalkEnded(Reason.TIME_LIMIT, Leaver.SWITCH)],
    )
    await tell(FakeParty("", "4417"), desk, BOTH_LANGUAGES, NUMBER)
    assert desk.talk.overlaid == [("talk/one-minute-left",), ("es/talk/one-minute-left",)]
    assert desk.talk.heard_by == [Hears.CALLER, Hears.CALLEE]


async def test_a_number_that_accepts_by_staying_is_told_so_and_may_still_refuse_or_block() -> None:
    passive = admission(acceptance=Acceptance.PASSIVE)
    callee = FakeParty("")
    assert await _greeted(callee, passive, PROFILE) is Choice.ACCEPTED
    assert callee.heard[-1] == "outside/stay-to-accept"
    assert "outside/accept" not in callee.heard
    assert await _greeted(FakeParty("7"), passive, PROFILE) is Choice.BLOCKED
    assert await _greeted(FakeParty(HANG_UP), passive, PROFILE) is Choice.REFUSED
    assert await _greeted(FakeParty("2", ""), passive, PROFILE) is Choice.ACCEPTED


async def test_a_number_that_hears_no_greeting_talks_at_once() -> None:
    callee = FakeParty()
    assert await _greeted(callee, admission(acceptance=Acceptance.ANSWER), PROFILE) is Choice.ACCEPTED
    assert not callee.heard


async def _greeted(callee: FakeParty, call: Admission, profile: Profile) -> Choice:
    choice, _ = await greet(callee, JORDAN, call, Words(profile))
    return choice
