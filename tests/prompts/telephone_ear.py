"""A recogniser that is none of ours, listening at the end of a telephone line: pocketsphinx with its English model.

The model knows speech to 6.8 kHz and a telephone carries none above 4 kHz: heard as it is, "six" is "eight" and "cents"
is "cent", for an s is all above. So the missing band is filled, as decoders of wide-band telephones do for narrow ones:
with the noise of the band below it, loud where that band outweighs the one of the vowels. That adds no information.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Config, Decoder, get_model_path, set_loglevel

from prompts.audio import RATE, Audio
from switch.media.control import Codec
from switch.media.g711 import compress, expand

WORD_PENALTY: Final = 1e-3
"""Against words of one syllable between others: "seven eight" for "seven". The model's own is 0.65."""

_FRAME: Final = 256
_HOP: Final = 64
_VOWELS: Final = (200, 2000)
_FRICATIVES: Final = (2000, 3700)
"""Hz. What is copied upwards, twice: to 3.7 and to 5.4 kHz."""
_GAIN: Final = (20.0, 2.0)
"""dB of the copy where both bands are as loud, and for each dB between them."""
_GAIN_LIMITS: Final = (-20.0, 30.0)

_ONES: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS: Final = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

RULES: Final = {
    "key": "to (hear the price of this call | accept this call | block all future calls from this facility)"
    " press <name> [then <name>]",
    "price": "each minute costs <amount>",
    "entered": "you entered <digit>+",
}
"""What may be said around what is to be heard; any key, any amount, any digits, and any number of them."""

_GRAMMAR: Final = f"""#JSGF V1.0;
grammar telephone;
<ones> = {" | ".join(_ONES)};
<digit> = zero | <ones>;
<name> = <digit> | star | pound;
<below> = <ones> | {" | ".join(_TEENS)} | ({" | ".join(_TENS)}) [<ones>];
<number> = zero | [<below> thousand] [<ones> hundred] <below> | [<below> thousand] <ones> hundred | <below> thousand;
<cents> = <number> [and a half | point <digit>+] (cent | cents) | half a cent;
<amount> = <number> (dollar | dollars) [and <cents>] | <cents> | nothing;
"""


class TelephoneEar:
    """Hears one sentence at a time."""

    def __init__(self) -> None:
        set_loglevel("FATAL")
        model, words = (get_model_path(f"en-us/{name}") for name in ("en-us", "cmudict-en-us.dict"))
        config = Config(hmm=model, dict=words, lm=None, samprate=2 * RATE, cmn="batch", wip=WORD_PENALTY)
        self._decoder = Decoder(config)
        for name, rule in RULES.items():
            self._decoder.add_jsgf_string(name, f"{_GRAMMAR}public <{name}> = {rule};")

    def hear(self, rule: str, audio: Audio) -> str:
        """The words of a sentence that came through G.711, nothing where it made no sense."""
        through = expand(compress(audio, Codec.PCMU), Codec.PCMU)
        decoder = self._decoder
        decoder.activate_search(rule)
        decoder.start_utt()
        decoder.process_raw(widened(through).tobytes(), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""


def widened(audio: Audio) -> Audio:
    """Audio at 16 kHz, with the band of a telephone copied above it."""
    window = np.sqrt(np.hanning(_FRAME + 1)[:_FRAME])
    padded = np.pad(audio.astype(np.float64), (_FRAME, _FRAME + -len(audio) % _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP] * window
    spectra = np.fft.rfft(frames)
    low, high = _band(*_VOWELS), _band(*_FRICATIVES)
    tilt = 10 * np.log10((_energy(spectra[:, high]) + 1) / (_energy(spectra[:, low]) + 1))
    gain = 10 ** (np.clip(_GAIN[0] + _GAIN[1] * tilt, *_GAIN_LIMITS) / 20)
    wide = np.zeros((len(spectra), _FRAME + 1), np.complex128)
    wide[:, : _FRAME // 2 + 1] = spectra
    chance = np.random.default_rng(1)
    width = high.stop - high.start
    for start in (high.stop, high.stop + width):
        turned = np.exp(2j * np.pi * chance.random((len(spectra), width)))
        wide[:, start : start + width] += spectra[:, high] * turned * gain[:, None]
    pieces = np.fft.irfft(wide, 2 * _FRAME) * 2 * np.sqrt(np.hanning(2 * _FRAME + 1)[: 2 * _FRAME])
    joined = np.zeros(2 * len(padded))
    for number, piece in enumerate(pieces):
        joined[2 * number * _HOP :][: 2 * _FRAME] += piece
    # Windows overlap so far that each sample is added so many times over.
    said = joined[2 * _FRAME :][: 2 * len(audio)] / (_FRAME / _HOP / 2)
    return said.round().clip(-32768, 32767).astype(np.int16)


def words_of(text: str) -> str:
    """The text of clips as a recogniser writes it."""
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())


def errors(wanted: Iterable[str], heard: Iterable[str]) -> int:
    """Words too many, too few or others: the smallest number of changes from one to the other."""
    before = list(range(len(list(heard := list(heard))) + 1))
    for row, word in enumerate(wanted, start=1):
        now = [row]
        for column, other in enumerate(heard, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (word != other)))
        before = now
    return before[-1]


def chosen_key(chance: Random) -> str:
    """One key, or two digits as some profiles have them."""
    return chance.choice("0123456789*#") if chance.random() < 0.75 else f"{chance.randrange(100):02}"


def _band(low: int, high: int) -> slice:
    return slice(low * _FRAME // RATE, high * _FRAME // RATE)


def _energy(spectra: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.sum(np.abs(spectra) ** 2, axis=1)
