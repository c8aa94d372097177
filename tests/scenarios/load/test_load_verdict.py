"""Whether a call went as its kind wants."""

import pytest

from scenarios.load.plan import Behaviour
from scenarios.load.verdict import Course, End, failure_of


def course(end, **facts):
    return Course(end, **facts)


def talked(end, **facts):
    return Course(end, is_reached=True, is_connected=True, has_talked=True, **facts)


@pytest.mark.parametrize(
    ("behaviour", "happened", "failure"),
    [
        (Behaviour.BRIDGE, talked(End.OURS, is_bye_answered=True), None),
        (Behaviour.ACCEPT, talked(End.OURS, is_bye_answered=False), "BYE unanswered"),
        (Behaviour.ACCEPT, course(End.STATUS, status=503), "status 503"),
        (Behaviour.ACCEPT, course(End.SILENCE), "INVITE unanswered"),
        (Behaviour.ACCEPT, course(End.CANCELLED, is_reached=True), "not answered in time"),
        (Behaviour.ACCEPT, course(End.THEIRS), "called party never reached"),
        (Behaviour.ACCEPT, course(End.THEIRS, is_reached=True), "BYE before the talk"),
        (Behaviour.ACCEPT, course(End.OURS, is_reached=True), "never connected"),
        (Behaviour.ACCEPT, course(End.THEIRS, is_reached=True, is_connected=True), "BYE before the end"),
        (Behaviour.ACCEPT, talked(End.OURS, fault="no audio arrived"), "no audio arrived"),
        (Behaviour.ACCEPT, course(End.ABANDONED), "unfinished at the end of the run"),
        (Behaviour.BUSY, course(End.STATUS, status=486, is_reached=True), None),
        (Behaviour.BUSY, course(End.THEIRS, is_reached=True), None),
        (Behaviour.BUSY, course(End.STATUS, status=500, is_reached=True), "status 500"),
        (Behaviour.BUSY, course(End.STATUS, status=486), "status 486"),
        (Behaviour.BUSY, course(End.OURS, is_reached=True), "the target did not end the call"),
        (Behaviour.NO_ANSWER, course(End.CANCELLED, is_reached=True), None),
        (Behaviour.NO_ANSWER, course(End.STATUS, status=480, is_reached=True), None),
        (Behaviour.NO_ANSWER, course(End.STATUS, status=486, is_reached=True), "status 486"),
        (Behaviour.REFUSE, course(End.THEIRS, is_reached=True), None),
        (Behaviour.REFUSE, course(End.CANCELLED, is_reached=True), "not answered in time"),
        (Behaviour.BLOCK, course(End.THEIRS, is_reached=True), None),
        (Behaviour.BLOCK, course(End.THEIRS), "called party never reached"),
    ],
)
def test_a_call_is_well_or_fails_in_one_class(behaviour, happened, failure):
    assert failure_of(behaviour, happened, has_callees=True, hangs_up="caller") == failure


@pytest.mark.parametrize(
    ("hangs_up", "happened", "failure"),
    [
        ("callee", talked(End.THEIRS), None),
        ("callee", talked(End.OURS), "ended by the wrong side"),
        ("caller", talked(End.THEIRS), "ended by the wrong side"),
        ("target", talked(End.THEIRS), None),
        ("target", course(End.OURS, is_reached=True, is_connected=True), "the target did not end the call"),
    ],
)
def test_a_talk_has_to_be_ended_by_the_side_that_the_plan_says(hangs_up, happened, failure):
    assert failure_of(Behaviour.ACCEPT, happened, has_callees=True, hangs_up=hangs_up) == failure


def test_a_called_party_elsewhere_cannot_be_missed():
    happened = course(End.OURS, is_connected=True, has_talked=True)
    assert failure_of(Behaviour.BRIDGE, happened, has_callees=False, hangs_up="caller") is None
    assert failure_of(Behaviour.BRIDGE, happened, has_callees=True, hangs_up="caller") == "called party never reached"
