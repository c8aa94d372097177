"""Whole calls between two agents: every message lost once, or for ever, or at random."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.sim.loop import VirtualLoop
from switch.leg.events import Answered, Cause, Ended, Established, LegEvent, Ringing
from tests.support.sip_messages import SDP
from tests.support.sip_wire import (
    CALLEE_AT,
    CALLER_AT,
    Callee,
    Drop,
    Wire,
    call,
    collect,
    every,
    nothing,
    some,
    the_first,
)

SETTLED = 70.0
"""Seconds after the last word in which everything must be forgotten: 64*T1 for the BYE, and again for its end."""

NORMAL = Ended(Cause.NORMAL)
CANCELLED = Ended(Cause.CANCELLED)


class Story:
    """One call, and what both sides saw of it."""

    def __init__(self, drop: Drop, *, answer_after: float | None = 2.0) -> None:
        self.wire = Wire(drop=drop)
        self.caller = self.wire.agent(CALLER_AT)
        self.callee = self.wire.agent(CALLEE_AT)
        self.answering = Callee(self.callee, answer_after=answer_after)
        self.leg = call(self.caller)
        self.heard: list[LegEvent] = []
        self._listening = asyncio.ensure_future(collect(self.leg, self.heard))

    async def until(self, at: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(at - loop.time())

    def assert_forgotten(self) -> None:
        assert self.caller.is_idle, (self.caller.leg_count, self.caller.transactions.clients)
        assert self.callee.is_idle, (self.callee.leg_count, self.callee.transactions.servers)
        assert self.caller.counters["faults"] == self.callee.counters["faults"] == 0


async def test_a_call_that_goes_well_uses_seven_messages() -> None:
    story = Story(nothing)
    await story.until(5.0)
    story.leg.hang_up()
    await story.until(50.0)
    assert story.wire.kinds() == [
        "INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE",
    ]  # fmt: skip
    assert story.heard == [Ringing(), Answered(SDP), NORMAL]
    assert story.answering.events == [Established(b""), NORMAL]
    story.assert_forgotten()


LOSSES = ["INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]


@pytest.mark.parametrize("who", ["caller", "callee"])
@pytest.mark.parametrize("lost", LOSSES)
async def test_one_lost_message_changes_nothing_that_is_told(lost: str, who: str) -> None:
    story = Story(the_first(lost))
    await story.until(5.0)
    (story.leg if who == "caller" else story.answering.legs[0]).hang_up()
    await story.until(5.0 + SETTLED)
    assert [event for event in story.heard if event != Ringing()] == [Answered(SDP), NORMAL]
    assert story.answering.events == [Established(b""), NORMAL]
    story.assert_forgotten()


@pytest.mark.parametrize("lost", ["INVITE", "100 INVITE", "180 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"])
async def test_a_cancelled_call_ends_right_whatever_single_message_is_lost(lost: str) -> None:
    story = Story(the_first(lost), answer_after=None)
    await story.until(3.0)
    story.leg.cancel()
    await story.until(3.0 + SETTLED)
    assert [event for event in story.heard if event != Ringing()] == [CANCELLED]
    assert story.answering.events == [Ended(Cause.CANCELLED, 487)]
    story.assert_forgotten()


@pytest.mark.parametrize("lost", ["486 INVITE", "ACK"])
async def test_a_refused_call_ends_right_whatever_single_message_is_lost(lost: str) -> None:
    story = Story(the_first(lost), answer_after=None)
    await story.until(1.0)
    story.answering.legs[0].refuse(486)
    await story.until(1.0 + SETTLED)
    assert story.heard == [Ringing(), Ended(Cause.BUSY, 486)]
    assert story.answering.events == [Ended(Cause.BUSY, 486)]
    story.assert_forgotten()


async def test_a_call_to_nobody_is_sent_seven_times_and_ends_after_32_seconds() -> None:
    story = Story(every("INVITE"))
    await story.until(31.9)
    assert story.heard == []
    await story.until(32.1)
    assert story.wire.times("INVITE") == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert story.heard == [Ended(Cause.UNREACHABLE)]
    story.assert_forgotten()


async def test_a_cancel_before_any_answer_is_not_sent_before_one_arrives() -> None:
    story = Story(the_first("INVITE"), answer_after=None)
    await story.until(0.1)
    story.leg.cancel()
    await story.until(0.4)
    assert story.wire.kinds() == ["INVITE"]
    assert story.heard == [CANCELLED]
    await story.until(50.0)
    assert "CANCEL" in story.wire.kinds()
    story.assert_forgotten()


async def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    story = Story(nothing)
    await story.until(2.015)  # the 200 left at 2.01 and arrives at 2.02
    story.leg.cancel()
    await story.until(100.0)
    assert story.heard == [Ringing(), CANCELLED]
    assert story.wire.kinds()[3:] == ["200 INVITE", "CANCEL", "ACK", "BYE", "200 CANCEL", "200 BYE"]
    assert story.answering.events == [Established(b""), NORMAL]
    story.assert_forgotten()


async def test_without_any_ack_the_callee_gives_up_after_32_seconds_and_says_bye() -> None:
    story = Story(every("ACK"))
    await story.until(100.0)
    assert story.wire.times("200 INVITE") == [
        2.01, 2.51, 3.51, 5.51, 9.51, 13.51, 17.51, 21.51, 25.51, 29.51, 33.51,
    ]  # fmt: skip
    assert story.wire.times("BYE") == [34.01]
    assert story.answering.events == [Ended(Cause.UNREACHABLE)]
    assert story.heard[-1] == NORMAL
    story.assert_forgotten()


async def test_hanging_up_before_the_ack_sends_bye_when_it_arrives() -> None:
    story = Story(the_first("ACK"))
    await story.until(2.1)
    story.answering.legs[0].hang_up()
    assert "BYE" not in story.wire.kinds()
    await story.until(100.0)
    assert story.wire.times("BYE") == [2.53]
    assert story.answering.events == [NORMAL]
    story.assert_forgotten()


async def test_a_bye_nobody_answers_is_repeated_for_32_seconds_and_then_forgotten() -> None:
    story = Story(every("BYE"))
    await story.until(5.0)
    story.leg.hang_up()
    await story.until(5.1)
    assert story.heard[-1] == NORMAL
    await story.until(36.0)
    assert story.caller.leg_count == 1
    await story.until(5.0 + SETTLED)
    assert len(story.wire.times("BYE")) == 11
    assert story.caller.is_idle
    assert not story.answering.legs[0].is_ended  # nobody told it: media silence is for the layer above
    story.answering.legs[0].hang_up()
    await story.until(5.0 + SETTLED + 40.0)
    story.assert_forgotten()


async def test_both_hang_up_at_once() -> None:
    story = Story(nothing)
    await story.until(5.0)
    story.leg.hang_up()
    story.answering.legs[0].hang_up()
    await story.until(5.0 + SETTLED)
    assert story.wire.kinds()[-4:] == ["BYE", "BYE", "200 BYE", "200 BYE"]
    assert story.heard[-1] == story.answering.events[-1] == NORMAL
    story.assert_forgotten()


async def test_a_cancel_nobody_hears_is_given_up_with_its_invite_after_32_seconds() -> None:
    story = Story(every("CANCEL"), answer_after=None)
    await story.until(3.0)
    story.leg.cancel()
    await story.until(36.0)
    assert story.caller.is_idle
    assert story.heard == [Ringing(), CANCELLED]
    story.answering.legs[0].refuse(480)
    await story.until(36.0 + SETTLED)
    assert story.caller.counters["stray_response"] == 11
    story.assert_forgotten()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    share=st.sampled_from([0.1, 0.3, 0.5]),
    at=st.sampled_from([0.005, 0.5, 2.015, 2.5, 6.0]),
    who=st.sampled_from(["caller", "callee"]),
)
def test_no_pattern_of_loss_leaves_anything_behind_or_tells_an_end_twice(
    seed: int, share: float, at: float, who: str
) -> None:
    async def play() -> None:
        story = Story(some(share, seed))
        await story.until(at)
        if who == "caller":
            story.leg.hang_up()
        else:
            await story.until(40.0)
            for leg in story.answering.legs:
                leg.hang_up()
        await story.until(80.0)
        story.leg.hang_up()
        for leg in story.answering.legs:
            leg.hang_up()
        await story.until(250.0)
        story.assert_forgotten()
        for events in (story.heard, story.answering.events):
            assert sum(isinstance(event, Ended) for event in events) <= 1
        assert isinstance(story.heard[-1], Ended)
        assert all(leg.is_ended for leg in story.answering.legs)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play())
