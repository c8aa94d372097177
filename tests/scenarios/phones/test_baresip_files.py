"""What baresip prints and writes, read without it: its SIP trace, what it heard, what it is to say."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from scenarios.phones.baresip_sound import FRAME_SAMPLES, SILENCE_SECONDS, Earpiece, write_speech
from scenarios.phones.baresip_trace import Trace
from scenarios.phones.codec import SAMPLES_PER_SECOND, Law, decode, encode, tone
from switch.agent.observed import HIDDEN, SipReceived, SipSent

OWN = ("127.64.0.9", 10_000)
OPTIONS = (
    b"OPTIONS sip:127.64.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.64.0.9:10000;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
    b"From: <sip:family@127.64.0.1>;tag=1\r\nTo: <sip:127.64.0.1>\r\nCall-ID: one\r\nCSeq: 1 OPTIONS\r\n"
    b'Authorization: Digest username="family", response="0123"\r\nContent-Length: 0\r\n\r\n'
)
PRINTED = (
    b"baresip is ready.\n\r\r"
    b"\x1b[36;1m#\nUDP 127.64.0.9:10000 -> 127.64.0.1:5060\n" + OPTIONS + b"\x1b[;m\n"
    b"\x1b[36;1m#\nUDP 127.64.0.1:5060 -> 127.64.0.9:10000\nnot SIP at all\x1b[;m\n\r"
    b"\x1b[36;1m#\nUDP 127.64.0.1:5060 -> 127.64.0.9:10000\n" + OPTIONS + b"\x1b[;m\nua: quit\n"
)


@pytest.mark.parametrize("size", [1, 2, 7, 40, 333, len(PRINTED)])
def test_the_messages_of_a_trace_are_read_wherever_it_is_cut(size: int) -> None:
    trace, starts = Trace(OWN), range(0, len(PRINTED), size)
    seen = [message for start in starts for message in trace.take(PRINTED[start : start + size], 1.5)]
    assert [type(each) for each in seen] == [SipSent, SipReceived]
    assert [each.peer for each in seen] == [("127.64.0.1", 5060)] * 2
    assert {each.message.headers.fields["Authorization"][0] for each in seen} == {HIDDEN}


def test_what_is_to_be_said_is_a_wave_with_silence_behind_it(tmp_path: Path) -> None:
    said = tone(1000, 0.5)
    write_speech(tmp_path / "speech.wav", said)
    with wave.open(str(tmp_path / "speech.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLES_PER_SECOND)
        assert file.getnframes() == len(said) + SILENCE_SECONDS * SAMPLES_PER_SECOND
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert samples[: len(said)].tolist() == said.tolist()
    assert not samples[len(said) :].any()


@pytest.mark.parametrize("law", Law)
def test_what_is_written_while_it_is_read_is_heard_at_its_instants(tmp_path: Path, law: Law) -> None:
    sent = decode(encode(tone(1000, 0.2), law), law)
    octets, ear = sent.astype("<i2").tobytes(), Earpiece(tmp_path, law)
    with (tmp_path / "dump-1-dec.wav").open("wb", buffering=0) as file:
        file.write(b"R" * 30)
        ear.listen(9.9)
        file.write(b"R" * 14 + octets[: 2 * FRAME_SAMPLES])
        ear.listen(10.0)
        file.write(octets[2 * FRAME_SAMPLES : 1001])
        ear.listen(10.04)
        file.write(octets[1001:])
        ear.listen(10.18)
    ear.close()
    assert ear.heard.audio(10.0, 10.2).tolist() == sent.tolist()


def test_frames_that_come_late_and_all_at_once_are_heard_in_a_row(tmp_path: Path) -> None:
    sent = decode(encode(tone(1000, 1.0), Law.PCMU), Law.PCMU)
    octets, ear, frame = sent.astype("<i2").tobytes(), Earpiece(tmp_path, Law.PCMU), 2 * FRAME_SAMPLES
    with (tmp_path / "dump-1-dec.wav").open("wb", buffering=0) as file:
        file.write(b"R" * 44 + octets[: 10 * frame])
        ear.listen(5.18)
        # Baresip waits for half a second; then one frame is seen, and the others a moment after it.
        file.write(octets[10 * frame : 11 * frame])
        ear.listen(5.7)
        file.write(octets[11 * frame : 37 * frame])
        ear.listen(5.72)
        file.write(octets[37 * frame :])
        ear.listen(5.98)
    assert ear.heard.audio(5.0, 6.0).tolist() == sent.tolist()


def test_after_a_pause_of_the_sender_frames_are_heard_when_they_come(tmp_path: Path) -> None:
    ear, frame = Earpiece(tmp_path, Law.PCMU), tone(1000, 0.02).astype("<i2").tobytes()
    with (tmp_path / "dump-1-dec.wav").open("wb", buffering=0) as file:
        file.write(b"R" * 44)
        for number in range(100):
            file.write(frame)
            ear.listen(5.0 + 0.02 * number + (2.0 if number >= 50 else 0.0))
    assert ear.heard.sound_seconds(5.0, 6.0) == pytest.approx(1.0)
    assert ear.heard.sound_seconds(6.1, 7.9) == 0
    assert ear.heard.sound_seconds(8.0, 9.0) == pytest.approx(1.0)


def test_the_file_of_an_earlier_call_is_not_heard(tmp_path: Path) -> None:
    (tmp_path / "dump-1-dec.wav").write_bytes(b"R" * 44 + bytes(3200))
    ear = Earpiece(tmp_path, Law.PCMU)
    ear.listen(1.0)
    assert ear.heard.reception.packets == 0
    assert list(tmp_path.iterdir()) == []
