"""Which band holds: days, hours, midnights and holidays."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from rating.band import Band, DayKind, band_at

WEEKDAYS = frozenset({DayKind.MON, DayKind.TUE, DayKind.WED, DayKind.THU, DayKind.FRI})
EVENING = Band("evening", WEEKDAYS, 17 * 60, 23 * 60)
NIGHT = Band("night", WEEKDAYS, 23 * 60, 8 * 60)
WEEKEND = Band("weekend", frozenset({DayKind.SAT, DayKind.SUN}))
HOLIDAY = Band("holiday", frozenset({DayKind.HOLIDAY}))
INDEPENDENCE = date(2022, 7, 4)
"""A Monday."""


@pytest.mark.parametrize(
    ("clock", "name"),
    [
        ("2021-07-02 16:59:59.999999", None),
        ("2021-07-02 17:00", "evening"),
        ("2021-07-02 22:59:59.999999", "evening"),
        ("2021-07-02 23:00", "night"),
        ("2021-07-03 00:00", "night"),
        ("2021-07-03 07:59:59", "night"),
        ("2021-07-03 08:00", "weekend"),
        ("2021-07-04 23:59", "weekend"),
        ("2021-07-05 00:00", None),
        ("2021-07-05 07:59", None),
        ("2021-07-06 07:59", "night"),
    ],
)
def test_the_first_band_that_holds_decides_and_nights_belong_to_the_day_they_began(
    clock: str, name: str | None
) -> None:
    found = band_at([EVENING, NIGHT, WEEKEND], (), datetime.fromisoformat(clock))
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("bands", "clock", "name"),
    [
        ([EVENING, WEEKEND], "2022-07-04 12:00", "weekend"),
        ([EVENING, WEEKEND], "2022-07-04 18:00", "weekend"),
        ([EVENING, HOLIDAY, WEEKEND], "2022-07-04 18:00", "holiday"),
        ([EVENING, HOLIDAY, WEEKEND], "2022-07-05 18:00", "evening"),
        ([NIGHT, HOLIDAY], "2022-07-05 01:00", None),
        ([NIGHT, HOLIDAY], "2022-07-06 01:00", "night"),
    ],
)
def test_a_holiday_is_a_sunday_unless_a_band_names_holidays(bands: list[Band], clock: str, name: str | None) -> None:
    found = band_at(bands, {INDEPENDENCE}, datetime.fromisoformat(clock))
    assert (found.name if found else None) == name
