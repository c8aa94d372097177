"""Two baresip softphones through a real switch: register, call, accept, talk, and the end of the money.

One speaks µ-law and the other A-law, so the switch transcodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from prompts.audio import RATE, Audio
from tests.live.baresip import Baresip
from tests.live.pair import serving_pair
from tests.live.programs import program
from tests.live.serving import Serving
from tests.live.sound import WINDOW_SECONDS, tone_share, without_tone, words_heard

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

INSIDE_HERTZ, OUTSIDE_HERTZ = 2000, 2500
FUNDED_SECONDS = 12.0
"""Two increments of six seconds: 5 cents at the demonstration's 2.5 cents each."""

GREETING_SECONDS = 9.6
QUIET_SECONDS = 2.0
"""While a key is awaited nothing is said: if the other side could be heard, it would be heard then."""

QUIET_LEVEL = 64
"""-54 dBov: the tones are at -12 dBov."""

PROFILE = """
name = "live"
[keys]
block = ""
[outside]
greeting = ["name", "recorded", "price", "accept"]
[talking]
warnings = [5]
slice = 6
"""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    program("baresip", "baresip")
    with serving_pair(tmp_path, PROFILE, funds="0.05") as serving:
        yield serving


def test_two_softphones_talk_only_after_acceptance_and_until_the_money_ends(serving: Serving, tmp_path: Path) -> None:
    with (
        Baresip(tmp_path / "inside", serving.address, "yard", "yard-secret", hertz=INSIDE_HERTZ) as inside,
        Baresip(
            tmp_path / "outside", serving.address, "family", "family-secret", hertz=OUTSIDE_HERTZ, law="PCMA"
        ) as outside,
    ):
        inside.registered()
        outside.registered()
        inside.dial("12125550123")
        inside.heard_event("CALL_ESTABLISHED", within=10)
        inside.listen(2.0)
        inside.press("4417")
        outside.heard_event("CALL_INCOMING", within=10)
        outside.listen(1.0)
        outside.answer()
        outside.heard_event("CALL_ESTABLISHED", within=10)
        outside.listen(GREETING_SECONDS + QUIET_SECONDS)
        outside.press("5")
        record = serving.call_ended("yard", dialled="12125550123", within=FUNDED_SECONDS + 8)
        closings = [phone.heard_event("CALL_CLOSED", within=5) for phone in (inside, outside)]

    # Both were released by the switch, at once.
    assert abs(closings[0].at - closings[1].at) < 0.5, closings
    assert record["why"] == "funds-exhausted" and record["ended_by"] == "switch", record
    assert float(record["talk_seconds"]) == FUNDED_SECONDS and record["charged"] == "0.05", record
    account = serving.accounts()["advancepay:+12125550123"]
    assert (account["balance"], account["held"]) == ("0", "0"), account
    assert serving.audit()["clean"]

    heard_inside, heard_outside = inside.recording(), outside.recording()
    _assert_tone_after_words(heard_inside, OUTSIDE_HERTZ, "inside/enter-pin")
    _assert_tone_after_words(heard_outside, INSIDE_HERTZ, "outside/from", "outside/recorded", "outside/accept")
    _assert_quiet_before_tone(heard_outside, INSIDE_HERTZ)
    assert tone_share(heard_inside, INSIDE_HERTZ).max() < 0.1, "the caller hears itself"
    assert tone_share(heard_outside, OUTSIDE_HERTZ).max() < 0.1, "the callee hears itself"


def _assert_tone_after_words(heard: Audio, hertz: float, *words: str) -> None:
    """First the words, and no trace of the other side; then the other side, for as long as was paid."""
    share = tone_share(heard, hertz)
    has_tone = share > 0.5
    assert has_tone.any(), "the other side was never heard"
    first, last = np.flatnonzero(has_tone)[[0, -1]]
    # The window before the first may hold the beginning of the tone.
    before = heard[: round((first - 1) * WINDOW_SECONDS * RATE)]
    assert set(words) <= set(words_heard(before)), words_heard(before)
    assert share[: first - 1].max() < 0.1, "the other side was heard before it was accepted"
    assert (last - first + 1) * WINDOW_SECONDS == pytest.approx(FUNDED_SECONDS, abs=0.6)
    # Only the warning is said over the other side.
    assert has_tone[first : last + 1].mean() > 0.85
    assert "talk/left" in words_heard(without_tone(heard, hertz))


def _assert_quiet_before_tone(heard: Audio, hertz: float) -> None:
    """Between the greeting and the key there was nothing at all to hear."""
    first = np.flatnonzero(tone_share(heard, hertz) > 0.5)[0]
    quiet = heard[
        round((first * WINDOW_SECONDS - QUIET_SECONDS * 0.75) * RATE) : round((first - 1) * WINDOW_SECONDS * RATE)
    ]
    assert len(quiet) > RATE and np.abs(quiet.astype(np.int32)).max() < QUIET_LEVEL
