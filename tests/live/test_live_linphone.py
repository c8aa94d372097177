"""Linphone at both ends: a softphone with a SIP stack and a media engine of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.linphone import Linphone
from tests.live.pair import serving_pair
from tests.live.programs import program
from tests.live.serving import Serving

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

FUNDED_SECONDS = 12.0
PACKETS_A_SECOND = 50
GREETING_SECONDS = 3.0
"""It is interrupted by the key."""

PROFILE = """
name = "live"
[talking]
warnings = [5]
slice = 6
"""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    program("linphone-daemon", "linphone-cli")
    with serving_pair(tmp_path, PROFILE, funds="0.05") as serving:
        yield serving


def test_a_call_is_accepted_held_and_resumed_and_ends_with_the_money(serving: Serving, tmp_path: Path) -> None:
    with (
        Linphone(tmp_path / "inside", serving.address, "yard", "yard-secret") as inside,
        Linphone(tmp_path / "outside", serving.address, "family", "family-secret") as outside,
    ):
        ring(inside, outside)
        outside.do("answer")
        outside.in_state("CallStreamsRunning", within=10)
        outside.listen(GREETING_SECONDS)
        outside.press("5")
        outside.listen(1.0)
        outside.do("call-pause")
        outside.in_state("CallPaused", within=5)
        outside.listen(1.0)
        outside.do("call-resume 1")
        outside.in_state("CallStreamsRunning", within=5, which=1)
        record = serving.call_ended("yard", dialled="12125550123", within=FUNDED_SECONDS + 8)
        for phone in (inside, outside):
            phone.in_state("CallReleased", within=5)
        heard = [phone.received() for phone in (inside, outside)]

    assert record["why"] == "funds-exhausted" and record["ended_by"] == "switch", record
    assert float(record["talk_seconds"]) == FUNDED_SECONDS and record["charged"] == "0.05", record
    assert serving.audit()["clean"]
    for packets, lost in heard:  # All but the second on hold.
        assert packets > (FUNDED_SECONDS - 3) * PACKETS_A_SECOND, heard
        assert lost <= packets / 50, heard


def test_keys_by_info_block_the_number_and_the_next_call_never_rings(serving: Serving, tmp_path: Path) -> None:
    with (
        Linphone(tmp_path / "inside", serving.address, "yard", "yard-secret", is_info=True) as inside,
        Linphone(tmp_path / "outside", serving.address, "family", "family-secret", is_info=True) as outside,
    ):
        ring(inside, outside)
        outside.do("answer")
        outside.in_state("CallStreamsRunning", within=10)
        outside.listen(2.0)
        outside.press("7", apart=0.0)
        assert serving.call_ended("yard", dialled="12125550123")["why"] == "blocked-by-callee"
        inside.in_state("CallReleased", within=10)
        inside.dial("12125550123")
        inside.in_state("CallStreamsRunning", within=10, which=1)
        inside.listen(2.0)
        inside.press("4417")
        assert serving.call_ended("yard", dialled="12125550123", which=1)["why"] == "blocked"
        assert outside.count("CallIncomingReceived") == 1


def test_encrypted_audio_is_refused_with_a_word_and_the_call_is_made_without(serving: Serving, tmp_path: Path) -> None:
    """With codecs of its own before ours it offers RTP/SAVP, is refused with 488, and offers RTP/AVP by itself."""
    with (
        Linphone(tmp_path / "inside", serving.address, "yard", "yard-secret", has_own_codecs=True) as inside,
        Linphone(tmp_path / "outside", serving.address, "family", "family-secret", has_own_codecs=True) as outside,
    ):
        inside.do("media-encryption srtp")
        ring(inside, outside)
        told = serving.logged("offer_refused")
        outside.do("terminate")
        record = serving.call_ended("yard", dialled="12125550123", which=1)
    assert told["offered"].startswith("audio RTP/SAVP opus/48000/2"), told
    assert "unencrypted" in told["remedy"], told
    assert record["why"] == "refused" and record["charged"] == "0", record


def ring(inside: Linphone, outside: Linphone) -> None:
    """Dial, enter the PIN, and let the other one ring."""
    inside.registered()
    outside.registered()
    inside.dial("12125550123")
    inside.in_state("CallStreamsRunning", within=10)
    inside.listen(2.0)
    inside.press("4417")
    outside.in_state("CallIncomingReceived", within=10)
