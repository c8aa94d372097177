"""One call under several tariffs and days: as cases, as lines, as a drawing."""

from __future__ import annotations

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from ledger.money import Money
from rating.compare import POINTS_MAX, Call, Case, Offer, compare, over_days, over_talk
from rating.deck import Deck
from rating.jurisdiction import Jurisdiction
from rating.load import CALIFORNIA, load_tariffs, shipped_tariffs
from rating.plot import plot_days, plot_talk

CALL = Call("+12125550123", "debit", Jurisdiction.INTERSTATE, timedelta(minutes=15))
MARCH_18, MARCH_19 = date(2021, 3, 18), date(2021, 3, 19)


def offer(name: str, *names: str) -> Offer:
    deck = load_tariffs(*(shipped_tariffs()[each] for each in names or (name,)))
    assert isinstance(deck, Deck), deck
    return Offer(name, deck)


CALIFORNIAN, YAKIMA = offer("california", *CALIFORNIA), offer("yakima")


def money(text: str) -> Money:
    return Money.from_text(text)


def test_each_deck_is_asked_on_each_day() -> None:
    cases = compare(CALL, [CALIFORNIAN, YAKIMA], [MARCH_18, MARCH_19])
    assert [(case.offer, case.on, case.first_minute, case.each_minute, case.total) for case in cases] == [
        ("california", MARCH_18, money("0.21"), money("0.21"), money("3.15")),
        ("california", MARCH_19, money("0.025"), money("0.025"), money("0.375")),
        ("yakima", MARCH_18, money("1.50"), money("0.12"), money("3.18")),
        ("yakima", MARCH_19, money("1.50"), money("0.12"), money("3.18")),
    ]


def test_without_a_rate_there_is_no_amount() -> None:
    assert compare(CALL, [YAKIMA], [date(2019, 1, 1)]) == [Case("yakima", date(2019, 1, 1), None)]


def test_lines_over_talk_run_to_its_end_and_leave_out_what_has_no_price() -> None:
    (line,) = over_talk(CALL, [YAKIMA], [date(2019, 1, 1), MARCH_19])
    assert line.name == "yakima 2021-03-19"
    assert line.points[0] == (0, money("1.50"))
    assert line.points[-1] == (900, money("3.18"))
    assert len(line.points) <= POINTS_MAX


@pytest.mark.parametrize("seconds", [0, 1, 239, 240, 241, 86_400])
def test_lines_over_talk_have_few_points(seconds: int) -> None:
    call = Call(CALL.number, CALL.kind, CALL.jurisdiction, timedelta(seconds=seconds))
    ((*_, last),) = [line.points for line in over_talk(call, [YAKIMA], [MARCH_19])]
    assert last[0] == seconds
    assert all(len(line.points) <= POINTS_MAX for line in over_talk(call, [YAKIMA], [MARCH_19]))


def test_lines_over_days_turn_where_prices_do() -> None:
    (line,) = over_days(CALL, [CALIFORNIAN], date(2021, 1, 1), date(2023, 6, 1))
    assert line.points == (
        (date(2021, 1, 1), money("3.15")),
        (MARCH_18, money("3.15")),
        (MARCH_19, money("0.375")),
        (date(2022, 12, 31), money("0.375")),
        (date(2023, 1, 1), money("0")),
        (date(2023, 6, 1), money("0")),
    )


def test_lines_over_days_have_gaps_where_there_is_no_price() -> None:
    (line,) = over_days(CALL, [YAKIMA], date(2019, 1, 1), date(2021, 1, 1))
    assert [amount for _, amount in line.points] == [None, None, money("3.18"), money("3.18")]


def test_drawings_are_svg_that_asks_nobody_for_anything() -> None:
    offers, days = [CALIFORNIAN, YAKIMA], [MARCH_18, MARCH_19]
    drawings = [
        plot_talk("a < b", over_talk(CALL, offers, days)),
        plot_days("over days", over_days(CALL, offers, date(2019, 1, 1), MARCH_19)),
        plot_talk("nothing", []),
    ]
    for drawing in drawings:
        ElementTree.fromstring(drawing)
        assert "<script" not in drawing
        assert "http://" not in drawing.replace("http://www.w3.org/", "")
        assert "https://" not in drawing
    assert "california 2021-03-18" in drawings[0]
    assert "yakima" in drawings[1]
