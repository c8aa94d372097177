"""Thresholds as text, and whether a run keeps them."""

import pytest

from scenarios.load.measures import Measure
from scenarios.load.tally import Tally
from scenarios.load.thresholds import parse_threshold


def measured():
    tally = Tally()
    for milliseconds in range(1, 1001):
        tally.time(Measure.SETUP, "accept", milliseconds / 1000)
        tally.finish("accept", None if milliseconds > 2 else "status 503")
    tally.time(Measure.SETUP, "busy", 2.0)
    tally.finish("busy", None)
    tally.rtp.add(10_000, 9_995)
    tally.started, tally.elapsed, tally.in_progress_max = 1001, 50.0, 30
    return tally


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("p99 setup < 1s", True),
        ("p99 setup < 150ms", False),
        ("p50 setup of accept <= 501ms", True),
        ("max setup < 2s", False),
        ("max setup of accept < 1100ms", True),
        ("min setup > 500us", True),
        ("mean setup of accept < 501ms", True),
        ("p99.9 setup < 999ms", False),
        ("failed < 0.2%", True),
        ("failed < 0.1%", False),
        ("failed of busy < 0.1%", True),
        ("rtp_loss < 0.1%", True),
        ("rtp_loss < 0.01%", False),
        ("rate > 20/s", True),
        ("rate > 1202/min", False),
        ("calls >= 1001", True),
        ("calls of busy >= 2", False),
        ("in_progress <= 30", True),
    ],
)
def test_a_threshold_is_kept_or_broken_by_what_was_measured(text, is_kept):
    assert parse_threshold(text).judge(measured()).is_kept is is_kept


@pytest.mark.parametrize("text", ["p99 answer < 1s", "audio_loss < 1%", "failed of nobody < 1%"])
def test_what_was_not_measured_is_not_kept(text):
    judged = parse_threshold(text).judge(measured())
    assert not judged.is_kept
    assert "nothing measured" in str(judged)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("p99 setpu < 1s", "did you mean 'setup'"),
        ("setup < 1s", "needs a statistic: p99 setup"),
        ("p99 failed < 1%", "takes no statistic"),
        ("p101 setup < 1s", "no percentile above 100"),
        ("p99 setup < 150", "is not a time"),
        ("failed < 0.1", "is not a share"),
        ("rate > 20", "is not a rate"),
        ("rtp_loss of accept < 1%", "not told apart"),
        ("fast please", "write for example"),
    ],
)
def test_a_wrong_threshold_is_told_with_its_remedy(text, hint):
    with pytest.raises(ValueError, match=hint):
        parse_threshold(text)
