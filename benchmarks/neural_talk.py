"""False hits in talk by the very voice of the prompts: `.venv-voice/bin/python -m benchmarks.neural_talk [SECONDS]`.

The harder half of `tests/live/test_live_recognise.py`: the same grammar, read with the settings of the prompts. It
needs the environment of `make voice` and a quarter of the time that the talk lasts, and so is none of `make bench`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import numpy as np
import typer

from prompts.audio import RATE, Audio, Library
from prompts.catalog import ENGLISH
from prompts.manifest import Settings
from prompts.recognise import Recogniser
from prompts.render import PiperVoice
from tests.live.other_speech import at_level, carried, in_telephone_band
from tests.live.telephone_talk import sentences

SEED = 7
GAP_SECONDS = 0.3


def main(seconds: float = typer.Argument(1800.0, help="How long the talk is at least.")) -> None:
    """Read sentences, carry them over a bad line, and tell which clips are heard in them."""
    library = Library(ENGLISH)
    recogniser = Recogniser({clip: library.clip(clip) for clip in library.catalog.clip_ids})
    pieces, begun = [], []
    length = 0
    for sentence, audio in read(PiperVoice(Settings())):
        pieces += [audio, np.zeros(round(GAP_SECONDS * RATE), np.int16)]
        begun.append((length / RATE, sentence))
        length += len(audio) + len(pieces[-1])
        if length >= seconds * RATE:
            break
    heard, reception = carried(np.concatenate(pieces), SEED)
    since = time.process_time()
    found = recogniser.heard(heard)
    print(f"{len(begun)} sentences, {length / RATE:.0f} s, {reception.lost} packets of {length // 160} lost")
    print(f"searched for {len(library.catalog.clips)} clips in {time.process_time() - since:.1f} s of processor time")
    print(f"false hits: {len(found)}")
    for one in found:
        sentence = next(text for at, text in reversed(begun) if at <= one.at)
        print(f"  {one.clip_id} at {one.at:.2f}-{one.until:.2f}, likeness {one.match:.2f}, in: {sentence}")


def read(voice: PiperVoice) -> Iterator[tuple[str, Audio]]:
    """Each sentence with its sound."""
    for sentence in sentences(Random(SEED)):
        parts = [at_level(in_telephone_band(part, voice.rate)) for part in voice.sentences(sentence)]
        yield sentence, np.concatenate(parts)


if __name__ == "__main__":
    typer.run(main)
