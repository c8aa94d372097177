"""Somebody else understands the greeting through a telephone: its keys, its price, and the digits read back."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from prompts import english
from prompts.audio import RATE, Library
from prompts.catalog import ENGLISH, ClipId
from tests.prompts.telephone_ear import TelephoneEar, chosen_key, errors, words_of

GREETINGS = 100
SEED = 20210601
RIGHT_MIN = 0.95

LIBRARY = Library(ENGLISH)
PROMPTS = {"hear-price": "key", "accept": "key", "block": "key"}


@pytest.fixture(scope="module")
def ear() -> TelephoneEar:
    return TelephoneEar()


def heard(ear: TelephoneEar, rule: str, *clips: ClipId) -> str:
    silence = np.zeros(round(0.2 * RATE), np.int16)
    return ear.hear(rule, np.concatenate([silence, *LIBRARY.sequence(clips), silence]))


def price(chance: Random) -> Decimal:
    """A price of a minute: half cents up to a dollar as tariffs have them, or dollars and cents."""
    return (
        Decimal(chance.randrange(1, 200)) / 200 if chance.random() < 0.6 else Decimal(chance.randrange(1, 3000)) / 100
    )


def greeting(chance: Random) -> list[tuple[str, tuple[ClipId, ...], tuple[ClipId, ...]]]:
    """What is to be understood of one call: the rule, the words around it, and what it is."""
    said = [("key", english.clips(f"outside/{name}"), english.key(chosen_key(chance))) for name in PROMPTS]
    said.append(("price", english.clips("price/each-minute"), english.amount(price(chance))))
    number = "".join(chance.choice("0123456789") for _ in range(10))
    said.append(("entered", english.clips("inside/you-entered"), english.digits(number)))
    return said


@pytest.mark.live
@pytest.mark.timeout(900)
def test_ninety_five_of_a_hundred_are_understood_through_a_telephone(ear: TelephoneEar) -> None:
    chance = Random(SEED)
    said, right, wrong = Counter[str](), Counter[str](), []
    for _ in range(GREETINGS):
        for rule, around, meant in greeting(chance):
            wanted = words_of(LIBRARY.catalog.text((*around, *meant)))
            understood = heard(ear, rule, *around, *meant)
            # Of a telephone number each digit counts, of all else the whole.
            parts = 10 if rule == "entered" else 1
            said[rule] += parts
            right[rule] += parts - min(parts, errors(wanted.split(), understood.split()))
            if understood != wanted:
                wrong.append(f"{wanted} -> {understood}")
    shares = {rule: right[rule] / said[rule] for rule in said}
    assert {rule: share for rule, share in shares.items() if share < RIGHT_MIN} == {}, (shares, wrong)


@pytest.mark.parametrize(
    ("rule", "said", "other"),
    [
        ("key", (*english.clips("outside/accept"), *english.key("5")), english.key("7")),
        ("price", (*english.clips("price/each-minute"), *english.amount(Decimal("0.05"))), english.amount(Decimal(7))),
        ("entered", (*english.clips("inside/you-entered"), *english.digits("417")), english.digits("41")),
    ],
)
def test_the_ear_hears_what_is_said_and_not_what_it_might_expect(
    ear: TelephoneEar, rule: str, said: tuple[ClipId, ...], other: tuple[ClipId, ...]
) -> None:
    for clips in (said, (said[0], *other)):
        assert heard(ear, rule, *clips) == words_of(LIBRARY.catalog.text(clips))


def test_backwards_nothing_is_understood(ear: TelephoneEar) -> None:
    clips = (*english.clips("outside/accept"), *english.key("5"))
    audio = np.concatenate(LIBRARY.sequence(clips))[::-1]
    assert ear.hear("key", audio) != words_of(LIBRARY.catalog.text(clips))


@pytest.mark.parametrize(
    ("wanted", "understood", "count"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b", "a x b", 1), ("a b", "a c", 1), ("a", "", 1), ("a b", "c", 2)],
)
def test_errors_are_counted_in_words(wanted: str, understood: str, count: int) -> None:
    assert errors(wanted.split(), understood.split()) == count
