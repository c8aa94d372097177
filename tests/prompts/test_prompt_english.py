from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.catalog import load_catalog
from prompts.english import amount, count, digits, duration, key, price, time_left
from prompts.parts import AMOUNT_MAX, COUNT_MAX
from tests.support.examples import examples

CATALOG = load_catalog()
MODEST = examples(150)

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


def number_of(text: str) -> int:
    """What a listener understands, written apart from the code under test."""
    done = group = 0
    for word in text.replace("-", " ").split():
        if word in SCALES:
            done, group = done + group * SCALES[word], 0
        elif word == "hundred":
            group *= 100
        else:
            group += ONES.index(word) if word in ONES else 10 * TENS.index(word)
    return done + group


def dollars_of(text: str) -> Decimal:
    """The amount a listener understands."""
    sign = -1 if text.startswith("minus ") else 1
    text = text.removeprefix("minus ").replace("half a cent", "zero and a half cents")
    if text == "nothing":
        return Decimal(0)
    whole, cents = "zero", text
    for unit in ("dollars", "dollar"):
        if unit in text.split():
            whole, _, cents = text.partition(f" {unit}")
            cents = cents.removeprefix(" and ")
            break
    cents = cents.removesuffix(" cents").removesuffix(" cent") or "zero"
    said, _, decimals = cents.removesuffix(" and a half").partition(" point ")
    fraction = "".join(str(ONES.index(word)) for word in decimals.split())
    if cents.endswith(" and a half"):
        fraction = "5"
    return sign * (number_of(whole) + Decimal(f"{number_of(said)}.{fraction or 0}") / 100)


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        ("0", "nothing"),
        ("0.00", "nothing"),
        ("0.01", "one cent"),
        ("0.02", "two cents"),
        ("0.375", "thirty-seven and a half cents"),
        ("0.025", "two and a half cents"),
        ("0.015", "one and a half cents"),
        ("0.005", "half a cent"),
        ("0.076", "seven point six cents"),
        ("0.006", "zero point six cents"),
        ("0.2433", "twenty-four point three three cents"),
        ("0.000001", "zero point zero zero zero one cents"),
        ("1", "one dollar"),
        ("1.50", "one dollar and fifty cents"),
        ("1.01", "one dollar and one cent"),
        ("1.005", "one dollar and half a cent"),
        ("2", "two dollars"),
        ("20.21", "twenty dollars and twenty-one cents"),
        ("100", "one hundred dollars"),
        ("1234.56", "one thousand two hundred thirty-four dollars and fifty-six cents"),
        ("1000000", "one million dollars"),
        ("-5.25", "minus five dollars and twenty-five cents"),
        ("1E+1", "ten dollars"),
    ],
)
def test_amounts_are_said_as_people_say_them(dollars: str, words: str) -> None:
    assert CATALOG.text(amount(Decimal(dollars))) == words


@MODEST
@given(st.decimals(-AMOUNT_MAX, AMOUNT_MAX, places=6) | st.decimals(-2, 2, places=6) | st.decimals(0, 1000, places=3))
def test_the_amount_heard_is_the_amount_meant(dollars: Decimal) -> None:
    clips = amount(dollars)
    assert all(clip in CATALOG for clip in clips)
    assert dollars_of(CATALOG.text(clips)) == dollars


@pytest.mark.parametrize(
    "dollars", ["0.0000001", "1.0000000000000000000000000000001", "1000000000.01", "-1000000001", "NaN", "Infinity"]
)
def test_an_amount_that_cannot_be_said_exactly_is_refused(dollars: str) -> None:
    with pytest.raises(ValueError, match="dollars"):
        amount(Decimal(dollars))


@pytest.mark.parametrize(
    ("first", "each", "words"),
    [
        ("0", "0", "This call costs nothing."),
        ("0.025", "0.025", "Each minute costs two and a half cents. Taxes are not included."),
        (
            "0.50",
            "0.05",
            "The first minute costs fifty cents, each further minute costs five cents. Taxes are not included.",
        ),
        ("0", "0.05", "The first minute costs nothing, each further minute costs five cents. Taxes are not included."),
    ],
)
def test_the_price_of_a_call_is_told(first: str, each: str, words: str) -> None:
    assert CATALOG.text(price(Decimal(first), Decimal(each))) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "zero seconds"),
        (0.9, "zero seconds"),
        (1, "one second"),
        (59.999, "fifty-nine seconds"),
        (60, "one minute"),
        (61, "one minute and one second"),
        (90, "one minute and thirty seconds"),
        (900, "fifteen minutes"),
        (3600, "one hour"),
        (7260, "two hours and one minute"),
        (3661, "one hour one minute and one second"),
        (7322, "two hours two minutes and two seconds"),
        (360000, "one hundred hours"),
    ],
)
def test_durations_are_said_without_the_part_of_a_second(seconds: float, words: str) -> None:
    assert CATALOG.text(duration(timedelta(seconds=seconds))) == words


@MODEST
@given(st.integers(0, 10**8))
def test_the_duration_heard_is_the_duration_meant(seconds: int) -> None:
    heard = 0
    said: list[str] = []
    for word in CATALOG.text(duration(timedelta(seconds=seconds))).split():
        size = {"hour": 3600, "minute": 60, "second": 1}.get(word.removesuffix("s"))
        if size:
            heard += size * number_of(" ".join(said))
            said = []
        elif word != "and":
            said.append(word)
    assert heard == seconds


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be said"):
        duration(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (60, "You have one minute left."),
        (30, "You have thirty seconds left."),
        (10, "You have ten seconds left."),
        (300, "You have five minutes left."),
        (60.5, "You have one minute left."),
    ],
)
def test_a_warning_tells_what_is_left(seconds: float, words: str) -> None:
    assert CATALOG.text(time_left(timedelta(seconds=seconds))) == words


def test_the_usual_warnings_are_one_recording() -> None:
    assert [len(time_left(timedelta(seconds=seconds))) for seconds in (60, 30)] == [1, 1]


@MODEST
@given(st.integers(0, COUNT_MAX) | st.integers(0, 2000))
def test_the_count_heard_is_the_count_meant(number: int) -> None:
    assert number_of(CATALOG.text(count(number))) == number


@pytest.mark.parametrize("number", [-1, COUNT_MAX + 1])
def test_a_count_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="cannot be said"):
        count(number)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+12125550123", "two one two, five five five, zero one two three"),
        ("12125550123", "two one two, five five five, zero one two three"),
        ("2125550123", "two one two, five five five, zero one two three"),
        ("+442079460000", "four four two, zero seven nine, four six zero, zero zero zero"),
        ("+4930123456", "four nine three, zero one two, three four five, six"),
        ("700", "seven zero zero"),
        ("5", "five"),
    ],
)
def test_phone_numbers_are_read_in_groups(number: str, words: str) -> None:
    assert CATALOG.text(digits(number)) == words


@pytest.mark.parametrize("number", ["", "+", "212-555", "++1", "٣", "²", "1" * 21])
def test_what_is_no_phone_number_is_not_read(number: str) -> None:
    with pytest.raises(ValueError, match="no phone number"):
        digits(number)


@pytest.mark.parametrize(
    ("pressed", "words"),
    [("5", "five."), ("#", "pound."), ("*", "star."), ("76", "seven then six."), ("*67", "star then six then seven.")],
)
def test_keys_end_the_sentence_they_stand_in(pressed: str, words: str) -> None:
    assert CATALOG.text(key(pressed)) == words


@pytest.mark.parametrize("pressed", ["", "A", "5 ", "⑤"])
def test_what_is_no_key_is_not_named(pressed: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        key(pressed)


def test_every_part_a_key_can_need_has_words() -> None:
    assert all(clip in CATALOG for pressed in "0123456789*#" for clip in key(f"{pressed}{pressed}"))
