"""What a called party's line is listened to for, by its profile."""

from __future__ import annotations

from collections.abc import Callable

from ivr.answering_machine import ToldBy
from ivr.ports import Acceptance, Admission
from ivr.profile import Profile
from switch.call.line import Line
from switch.directory.flags import Source, Suspicion


def listen_for_machine(callee: Line, profile: Profile, admission: Admission) -> None:
    """From the answer on: whether a machine answered. Where nothing is announced nobody asks."""
    if profile.machine.told_by is ToldBy.SOUND and admission.acceptance is not Acceptance.ANSWER:
        callee.listen_for_machine(profile.machine.speech)


def listen_for_third_party(callee: Line, profile: Profile, suspect: Callable[[Suspicion, Source], None]) -> None:
    """While they talk: whether somebody else is brought in."""
    if profile.third_party.listens:
        callee.on_third_party(lambda: suspect(Suspicion.THREE_WAY, Source.HEARD))
