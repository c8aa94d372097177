"""Who must wait before a number is called again."""

from __future__ import annotations

import pytest

from switch.call import retries
from switch.call.retries import Retries


def test_a_person_waits_with_this_number_alone_and_only_until_then() -> None:
    waiting = Retries()
    waiting.wait("jordan", "+12125550123", until=100.0, now=40.0)
    assert waiting.must_wait("jordan", "+12125550123", 99.9)
    assert not waiting.must_wait("jordan", "+12125550124", 99.9)
    assert not waiting.must_wait("sam", "+12125550123", 99.9)
    assert not waiting.must_wait("jordan", "+12125550123", 100.0)


def test_what_is_over_is_forgotten_first_and_then_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "PAIRS_MAX", 2)
    waiting = Retries()
    waiting.wait("a", "1", until=10.0, now=0.0)
    waiting.wait("b", "1", until=90.0, now=0.0)
    waiting.wait("c", "1", until=90.0, now=20.0)
    assert [waiting.must_wait(each, "1", 20.0) for each in "abc"] == [False, True, True]
    waiting.wait("d", "1", until=90.0, now=20.0)
    assert [waiting.must_wait(each, "1", 20.0) for each in "bcd"] == [False, True, True]
