from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from prompts.catalog import LANGUAGES, PLAIN_LANGUAGE, SHARED_SECTIONS, joined, load_catalog
from prompts.tongue import TONGUES, Tongue, UnknownLanguageError, tongue_of

CATALOG = joined(load_catalog(folder) for folder in LANGUAGES.values())

every_tongue = pytest.mark.parametrize("tongue", TONGUES.values(), ids=TONGUES)


def test_every_language_has_words_and_speaks() -> None:
    assert set(TONGUES) == set(LANGUAGES)
    assert {language: tongue.language for language, tongue in TONGUES.items()} == {name: name for name in LANGUAGES}
    assert {name: load_catalog(folder).language for name, folder in LANGUAGES.items()} == {n: n for n in LANGUAGES}


def test_a_language_nobody_speaks_is_refused_with_those_there_are() -> None:
    assert tongue_of("es") is TONGUES["es"]
    with pytest.raises(UnknownLanguageError, match="nobody speaks 'fr' here; write en or es"):
        tongue_of("fr")


@every_tongue
def test_what_a_tongue_says_is_in_its_language_and_has_words(tongue: Tongue) -> None:
    said = [
        *tongue.clips("inside/enter-pin", "name/jordan", "pause/short"),
        *tongue.price(Decimal("0.50"), Decimal("0.025")),
        *tongue.amount(Decimal("-1234567.891")),
        *tongue.duration(timedelta(hours=21, minutes=1, seconds=31)),
        *(clip for seconds in (60, 30, 10) for clip in tongue.time_left(timedelta(seconds=seconds))),
        *tongue.count(987_654_321_001),
        *tongue.digits("+12125550123"),
        *tongue.key("*67#"),
    ]
    assert [clip for clip in said if clip not in CATALOG] == []
    own = [clip for clip in said if clip.partition("/")[0] not in SHARED_SECTIONS]
    others = [name for name in LANGUAGES if name not in {PLAIN_LANGUAGE, tongue.language}]
    assert [clip for clip in own if clip.startswith(tuple(f"{name}/" for name in others))] == []
    is_plain = tongue.language == PLAIN_LANGUAGE
    assert [clip for clip in own if clip.startswith(f"{tongue.language}/") == is_plain] == []


@every_tongue
@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("amount", Decimal("0.0000001")),
        ("amount", Decimal("NaN")),
        ("amount", Decimal(1_000_000_001)),
        ("duration", timedelta(seconds=-1)),
        ("count", -1),
        ("count", 10**12),
        ("digits", "212-555"),
        ("key", "A"),
    ],
)
def test_what_cannot_be_said_is_refused_in_every_language(tongue: Tongue, method: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"cannot be said|finer than|no phone number|no key"):
        getattr(tongue, method)(value)
