"""Segments that are there to the sample: found one after the other, and all in one pass."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prompts.audio import Audio
from prompts.sought import Marks, Segment, Sought
from tests.support.examples import examples

MANY = 1000


def noise(chance: Random, length: int) -> Audio:
    """Of few values, so that the same four samples stand in many places."""
    return np.array(chance.choices((-900, 0, 0, 8, 900), k=length), np.int16)


def segment(*through: Audio) -> Segment:
    return Segment(
        0, len(through[0]), through[0].astype(np.float64), 1.0, tuple((each.tobytes(), 1.0) for each in through)
    )


@given(st.integers(0, 2**32))
@examples(60)
def test_all_in_one_pass_are_found_where_each_is(seed: int) -> None:
    chance = Random(seed)
    pieces = [noise(chance, chance.randint(4, 12)) for _ in range(12)]
    segments = [segment(*pieces[number : number + 2]) for number in range(0, 12, 2)]
    parts = [chance.choice(pieces) if chance.random() < 0.7 else noise(chance, chance.randint(0, 9)) for _ in range(30)]
    sought = Sought(np.concatenate(parts))
    found = Marks(segments).places(sought, MANY)
    for number, each in enumerate(segments):
        assert sorted(set(found.get(number, ()))) == sorted(set(sought.places(each)))


def test_of_many_places_so_many_are_told() -> None:
    beep = np.array([5, 6, 7, 8], np.int16)
    assert Marks([segment(beep)]).places(Sought(np.tile(beep, 9)), 3) == {0: [0, 4, 8]}


def test_audio_shorter_than_a_mark_has_no_places() -> None:
    beep = np.array([5, 6, 7, 8], np.int16)
    for length in range(4):
        assert Marks([segment(beep)]).places(Sought(beep[:length]), 3) == {}
    assert Marks([Segment(0, 4, beep.astype(np.float64), 1.0)]).places(Sought(beep), 3) == {}
