from __future__ import annotations

import stat
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from switch.media import recorder
from switch.media.g711 import A_LAW, EXPANDED, MU_LAW
from switch.media.recorder import FRAME_BYTES, RecordingWriter, wav_header
from switch.media.taping import RecordedFrames, RecordingId
from tests.support.rtp import OTHER, PHONE, Bench, Phone, stream

FIRST, SECOND = RecordingId(1), RecordingId(2)


@pytest.fixture
def writer() -> Iterator[RecordingWriter]:
    writer = RecordingWriter()
    yield writer
    writer.close()


def frames(number: int, *codes: tuple[int, int]) -> RecordedFrames:
    """A frame of each recording: the code of the left party in the mu-law, that of the right one in the A-law."""
    octets = b"".join(bytes([code]) * 160 for sides in codes for code in sides)
    return RecordedFrames(
        [FIRST, SECOND][: len(codes)], [number] * len(codes), octets, bytes([MU_LAW, A_LAW]) * len(codes)
    )


def read(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_a_recording_is_stereo_left_and_right(writer: RecordingWriter, tmp_path: Path) -> None:
    writer.begin(FIRST, tmp_path / "calls" / "one.wav")
    writer.begin(SECOND, tmp_path / "calls" / "two.wav")
    for number in range(120):
        writer.add(frames(number, (number, 255 - number), (7, 8)))
    writer.end(FIRST)
    writer.close()
    codes = np.repeat(np.arange(120), 160)
    expected = np.stack([EXPANDED[MU_LAW][codes], EXPANDED[A_LAW][255 - codes]], axis=1)
    np.testing.assert_array_equal(read(tmp_path / "calls" / "one.wav"), expected)
    assert (read(tmp_path / "calls" / "two.wav") == [EXPANDED[MU_LAW][7], EXPANDED[A_LAW][8]]).all()
    assert sorted(path.name for path in (tmp_path / "calls").iterdir()) == ["one.wav", "two.wav"]


def joined(batches: list[RecordedFrames]) -> RecordedFrames:
    """The same frames as one batch, as a leap has them."""
    return RecordedFrames(
        [recording for each in batches for recording in each.recordings],
        [number for each in batches for number in each.numbers],
        b"".join(each.codes for each in batches),
        b"".join(each.laws for each in batches),
    )


@pytest.mark.parametrize("recordings", [1, 2])
def test_many_frames_at_once_are_written_as_one_by_one(
    writer: RecordingWriter, tmp_path: Path, recordings: int
) -> None:
    numbers = [*range(73), *range(75, 190), 400, *range(401, 420)]
    batches = [frames(number, *[(number % 256, side) for side in range(recordings)]) for number in numbers]
    for name, parts in (("one", batches), ("many", [joined(batches)])):
        for recording in (FIRST, SECOND)[:recordings]:
            writer.begin(recording, tmp_path / f"{name}-{recording}.wav")
        for part in parts:
            writer.add(part)
        for recording in (FIRST, SECOND)[:recordings]:
            writer.end(recording, 430)
    writer.close()
    for recording in (FIRST, SECOND)[:recordings]:
        heard = read(tmp_path / f"many-{recording}.wav")
        assert len(heard) == 430 * 160
        assert np.array_equal(heard, read(tmp_path / f"one-{recording}.wav"))


def test_what_a_crash_leaves_of_many_frames_is_what_it_leaves_of_single_ones(tmp_path: Path) -> None:
    growing = recorder._Growing(tmp_path / "one.wav")
    growing.add(0, memoryview(bytes([1]) * FRAME_BYTES * 30))
    growing.add(40, memoryview(bytes([1]) * FRAME_BYTES * 85))
    assert len(read(tmp_path / "one.wav.part")) == 100 * 160
    growing.close()


def test_frames_left_out_become_silence_in_their_place(writer: RecordingWriter, tmp_path: Path) -> None:
    writer.begin(FIRST, tmp_path / "one.wav")
    writer.add(frames(0, (5, 5)))
    writer.add(frames(3, (6, 6)))
    writer.close()
    assert read(tmp_path / "one.wav")[::160, 0].tolist() == [EXPANDED[MU_LAW][5], 0, 0, EXPANDED[MU_LAW][6]]


def test_a_long_silence_is_a_hole_and_reads_as_zeros(writer: RecordingWriter, tmp_path: Path) -> None:
    writer.begin(FIRST, tmp_path / "one.wav")
    writer.add(frames(0, (5, 5)))
    writer.add(frames(60_000, (6, 6)))
    writer.end(FIRST, 120_000)
    writer.close()
    heard = read(tmp_path / "one.wav")[::160, 0]
    assert len(heard) == 120_000
    assert np.flatnonzero(heard).tolist() == [0, 60_000]
    assert (tmp_path / "one.wav").stat().st_blocks * 512 < 200_000


def test_what_a_crash_leaves_after_a_long_silence_has_a_true_header(tmp_path: Path) -> None:
    growing = recorder._Growing(tmp_path / "one.wav")
    growing.fill(600)
    for number in range(600, 675):
        growing.add(number, memoryview(bytes([1]) * FRAME_BYTES))
    assert len(read(tmp_path / "one.wav.part")) == 650 * 160
    growing.close()


def test_only_the_owner_may_read_it(writer: RecordingWriter, tmp_path: Path) -> None:
    writer.begin(FIRST, tmp_path / "one.wav")
    writer.close()
    assert stat.S_IMODE((tmp_path / "one.wav").stat().st_mode) == 0o600


def test_until_it_is_complete_it_has_another_name_and_a_true_header(tmp_path: Path) -> None:
    growing = recorder._Growing(tmp_path / "one.wav")
    for number in range(75):
        growing.add(number, memoryview(bytes([1]) * FRAME_BYTES))
    assert [path.name for path in tmp_path.iterdir()] == ["one.wav.part"]
    assert len(read(tmp_path / "one.wav.part")) == 50 * 160
    growing.complete()
    growing.close()
    assert [path.name for path in tmp_path.iterdir()] == ["one.wav"]
    assert len(read(tmp_path / "one.wav")) == 75 * 160


def test_a_file_that_cannot_be_made_is_told_and_others_go_on(writer: RecordingWriter, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writer.begin(FIRST, tmp_path / "file" / "one.wav")
    writer.begin(SECOND, tmp_path / "two.wav")
    writer.add(frames(0, (1, 1), (2, 2)))
    writer.end(FIRST)
    writer.close()
    assert [path for path, _ in writer.failures] == [tmp_path / "file" / "one.wav"]
    assert len(read(tmp_path / "two.wav")) == 160


def test_a_file_that_cannot_get_its_name_is_told_and_others_go_on(writer: RecordingWriter, tmp_path: Path) -> None:
    """Its descriptor is closed by then: closed once more it could be another's."""
    told: list[tuple[str, bool]] = []
    for recording, name in ((FIRST, "one.wav"), (SECOND, "two.wav")):
        writer.begin(recording, tmp_path / name)
    writer.add(frames(0, (1, 1), (2, 2)))
    while not (tmp_path / "one.wav.part").exists():
        threading.Event().wait(0.001)
    (tmp_path / "one.wav.part").unlink()
    for recording, name in ((FIRST, "one.wav"), (SECOND, "two.wav")):
        writer.end(recording, 0, lambda is_complete, name=name: told.append((name, is_complete)))  # type: ignore[misc]
    writer.close()
    assert told == [("one.wav", False), ("two.wav", True)]
    assert [path for path, _ in writer.failures] == [tmp_path / "one.wav"]


def test_a_disk_that_is_full_is_told_once_and_leaves_the_part(tmp_path: Path, writer: RecordingWriter) -> None:
    class Full:
        def write(self, data: bytes, at: int) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    for recording, name in ((FIRST, "one.wav"), (SECOND, "two.wav")):
        writer._begin(recorder._Begin(recording, tmp_path / name))
    writer._growing[FIRST]._file.close()
    writer._growing[FIRST]._file = Full()  # type: ignore[assignment]
    for number in range(120):
        writer._add([frames(number, (1, 1), (2, 2))])
    writer._end(FIRST, 0)
    writer._end(SECOND, 0)
    assert [(path, error.errno) for path, error in writer.failures] == [(tmp_path / "one.wav", 28)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.wav.part", "two.wav"]
    assert len(read(tmp_path / "two.wav")) == 120 * 160


def test_a_disk_that_hangs_costs_frames_and_not_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "HAND_OVER", 1)
    monkeypatch.setattr(recorder, "QUEUE_MAX", 3)
    monkeypatch.setattr(recorder, "PATIENCE", 0.01)
    writer = RecordingWriter()
    hanging, begun = threading.Event(), threading.Event()

    def hang(item: object) -> None:
        begun.set()
        hanging.wait(5)

    monkeypatch.setattr(writer, "_begin", hang)
    writer.begin(FIRST, tmp_path / "one.wav")
    begun.wait(5)
    for number in range(10):
        writer.add(frames(number, (1, 1)))
    assert writer.frames_dropped == 7
    hanging.set()
    writer.close()


def test_closing_twice_or_unused_is_harmless(tmp_path: Path) -> None:
    writer = RecordingWriter()
    writer.close()
    writer.begin(FIRST, tmp_path / "one.wav")
    writer.close()
    writer.close()
    assert len(read(tmp_path / "one.wav")) == 0


def test_the_header_counts_what_follows() -> None:
    assert wav_header(640)[4:8] == (36 + 640).to_bytes(4, "little")
    assert wav_header(640)[40:44] == (640).to_bytes(4, "little")


# --- what the engine hands over ------------------------------------------------------------------------------


def taped(bench: Bench) -> tuple[np.ndarray, list[int]]:
    numbers = [number for frames in bench.recorded for number in frames.numbers]
    samples = [samples for frames in bench.recorded for samples in frames.samples]
    return np.concatenate([np.zeros((0, 2), np.int16), *samples]), numbers


def test_both_parties_are_taped_within_a_frame_of_each_other() -> None:
    bench = Bench()
    one = bench.connected(stream(PHONE))
    for _ in range(20):
        bench.connected()
    two = bench.connected(stream(OTHER))
    left, right = Phone(), Phone(address=OTHER, ssrc=99)
    bench.engine.record(one, two, bench.now)
    arrivals = []
    for n in range(50):
        code = 0x10 if 20 <= n < 30 else 0xFF
        arrivals += [(n * 0.02, one, left.say(code), PHONE), (n * 0.02, two, right.say(code), OTHER)]
    bench.run(1.2, arrivals)
    samples, numbers = taped(bench)
    assert numbers == list(range(60))
    begins = [int(np.flatnonzero(samples[:, side])[0]) for side in (0, 1)]
    assert abs(begins[0] - begins[1]) <= 160
    assert [int((samples[:, side] != 0).sum()) for side in (0, 1)] == [1600, 1600]


def test_taping_begins_with_the_command_and_ends_with_it() -> None:
    bench = Bench()
    one, two = bench.connected(stream(PHONE)), bench.connected(stream(OTHER))
    phone = Phone()
    bench.talk(one, phone, 0.4)
    assert bench.recorded == []
    recording = bench.engine.record(one, two, bench.now)
    bench.talk(one, phone, 0.4)
    bench.engine.stop_recording(recording, bench.now)
    bench.engine.stop_recording(recording, bench.now)
    bench.talk(one, phone, 0.4)
    samples, numbers = taped(bench)
    assert numbers == list(range(20))
    assert (samples[:, 0] != 0).all()
    assert (samples[:, 1] == 0).all()


def test_the_next_tenant_of_a_row_is_never_taped() -> None:
    bench = Bench()
    one, two = bench.connected(stream(PHONE)), bench.connected(stream(OTHER))
    bench.engine.record(one, two, bench.now)
    bench.engine.close(one)
    tenant = bench.connected(stream(PHONE))
    bench.talk(tenant, Phone(), 1.0)
    samples, numbers = taped(bench)
    assert len(numbers) == 50
    assert (samples == 0).all()


def test_a_stall_leaves_its_length_open_in_the_tape() -> None:
    bench = Bench()
    one, two = bench.connected(stream(PHONE)), bench.connected(stream(OTHER))
    bench.engine.record(one, two, bench.now)
    bench.run(0.1)
    bench.step(after=1.0)
    _, numbers = taped(bench)
    assert numbers == [*range(5), 52, 53, 54]
