"""The commands compare tariffs, judge them by caps, and place calls; mistakes end with a remedy."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from rating.ask import default_day
from rating.calendar import day_start
from rating.cli import register
from rating.deck import Deck
from rating.place_table import TABLES
from tests.rating.rate_builders import tariff

APP = typer.Typer()
register(APP)
PLACES = ("--places", str(TABLES / "example-exchanges.csv"), "--local", str(TABLES / "example-local.csv"))


@APP.callback()
def payphone() -> None:
    """Stand for the command that mounts the group."""


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(APP, ["rate", *words])
    return result.exit_code, result.stdout, result.stderr


def facts(*words: str, code: int = 0) -> Any:
    exit_code, out, err = run(*words, "--json")
    assert (exit_code, err) == (code, "")
    return json.loads(out)


def table(out: str) -> list[list[str]]:
    """Cells of the lines below the heading, split where two spaces part them."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()[2:]]


@pytest.mark.parametrize(
    ("number", "home", "jurisdiction"),
    [
        ("2095550123", "CA/992/Tule Bend", "local"),
        ("6615550123", "CA/992/Tule Bend", "local"),
        ("6615550123", "CA/992", "intralata"),
        ("3105550123", "CA/992", "interlata"),
        ("3105550123", "CA", "interlata"),
        ("3105550123", "CA//Harbor Flats", "local"),
        ("2125550123", "CA", "interstate"),
        ("4165550123", "CA", "international"),
    ],
)
def test_the_facilitys_place_gives_the_jurisdiction(number: str, home: str, jurisdiction: str) -> None:
    assert facts("explain", number, "--home", home, *PLACES)["jurisdiction"] == jurisdiction


def test_without_a_place_calls_within_the_country_are_interstate() -> None:
    assert facts("quote", "3105550123")["jurisdiction"] == "interstate"


def test_a_row_by_jurisdiction_is_named_by_it() -> None:
    _, out, _ = run(
        "quote", "2095550123", "--tariff", "federal", "--home", "CA/992/Tule Bend", "--on", "2020-01-01", *PLACES
    )
    assert out.splitlines()[1] == "local calls (local) by tariff federal"


def test_compare_prints_a_row_for_each_tariff_and_day() -> None:
    days = ("--on", "2026-01-01", "--on", "2020-06-01")
    code, out, _ = run(
        "compare", "2125550123", "--tariff", "california", "--tariff", "federal", "--tariff", "demo", *days
    )
    assert code == 0
    assert out.splitlines()[0] == "+12125550123, advancepay, interstate, dollars without taxes"
    assert table(out) == [
        ["california", "2020-06-01", "United States", "0.21", "0.21", "3.15"],
        ["california", "2026-01-01", "anywhere", "0", "0", "0"],
        ["federal", "2020-06-01", "long distance", "0.21", "0.21", "3.15"],
        ["federal", "2026-01-01", "United States", "0.06", "0.06", "0.9"],
        ["demo", "2020-06-01", "United States", "0.25", "0.25", "3.75"],
        ["demo", "2026-01-01", "United States", "0.25", "0.25", "3.75"],
    ]


def test_compare_tells_where_there_is_no_price() -> None:
    days = ("--tariff", "yakima", "--on", "2019-01-01")
    _, out, _ = run("compare", "2125550123", *days)
    assert table(out) == [["yakima", "2019-01-01", "no price", "no price", "no price"]]
    (case,) = facts("compare", "2125550123", *days, "--talk", "1m")
    assert case == {
        "number": "+12125550123",
        "kind": "advancepay",
        "jurisdiction": "interstate",
        "tariff": "yakima",
        "on": "2019-01-01",
        "place": None,
        "talk": "1m",
        "first_minute": None,
        "each_minute": None,
        "total": None,
        "taxes": "excluded",
    }


def test_compare_is_of_today_in_california_unless_it_is_said() -> None:
    (case,) = facts("compare", "2125550123")
    assert (case["tariff"], case["total"]) == ("california", "0")


@pytest.mark.parametrize(("over", "named"), [("talk", "yakima 2020-06-01"), ("days", "yakima")])
def test_compare_draws(tmp_path: Path, over: str, named: str) -> None:
    file = tmp_path / "out.svg"
    words = ("--tariff", "yakima", "--on", "2020-06-01", "--on", "2021-06-01", "--plot", str(file), "--over", over)
    assert run("compare", "2125550123", *words)[0] == 0
    drawing = file.read_text(encoding="utf-8")
    assert drawing.startswith("<svg")
    assert named in drawing


def test_caps_tells_each_break_and_what_is_unverified() -> None:
    code, out, _ = run("caps", "yakima", "--home", "WA")
    assert code == 1
    assert out.splitlines()[0] == "judged as a prison in WA; calls abroad are not judged"
    row = "United States (local and 3 more)"
    assert table(out)[:2] == [
        ["yakima", row, "first interval", "1.5", "0.12", "1.38", "2020-01-01", "further notice", "2015 order*"],
        ["yakima", row, "per minute", "0.12", "0.11", "0.01", "2026-04-06", "further notice", "2024 order"],
    ]
    assert out.splitlines()[-1] == "* 2015 order, unverified: the day; only the year is known here"


def test_a_narrow_terminal_cuts_no_day_and_no_amount() -> None:
    out = CliRunner(env={"COLUMNS": "40"}).invoke(APP, ["rate", "caps", "yakima", "--home", "WA"]).stdout
    assert "…" not in out
    assert table(out)[1][3:8] == ["0.12", "0.11", "0.01", "2026-04-06", "further notice"]


def test_caps_names_the_kinds_of_billing_where_not_all_are_meant() -> None:
    _, out, _ = run("caps", "california", "--home", "CA")
    assert [cells[1] for cells in table(out)] == ["United States (+1), collect"]


def test_caps_judges_jails_by_size_and_fees_by_name() -> None:
    jail = ("--facility-kind", "jail", "--population", "700")
    found = facts(
        "caps", "yakima", *jail, "--from", "2026-05-01", "--until", "2027-01-01", "--fee", "agent=5.95", code=1
    )
    assert found[1] == {
        "tariff": "",
        "row": ["agent"],
        "place": "fee",
        "kinds": ["advancepay", "debit", "collect"],
        "charge": "fee",
        "charged": "5.95",
        "allowed": "0",
        "over": "5.95",
        "from": "2026-05-01",
        "until": "2027-01-01",
        "order": "2024 order",
        "unverified": "the day",
    }
    assert [each["charge"] for each in found] == ["first interval", "fee"]
    _, out, _ = run("caps", "yakima", *jail)
    assert out.startswith("judged as a jail of 700 people; without --home ")


def test_caps_that_are_kept_are_no_failure() -> None:
    code, out, _ = run("caps", "california-2021", "free-2023")
    assert (code, out.splitlines()[-1]) == (0, "no cap is broken")
    assert facts("caps", "yakima", "--until", "2016-03-17") == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["quote", "2125550123", "--home", "california"], 2, "--home california: write a state"),
        (["quote", "2125550123", "--home", "XX/991"], 2, "--home XX/991: no area code is in XX; write the postal code"),
        (["quote", "2125550123", "--places", "none.csv"], 1, "none.csv: cannot be read"),
        (["compare", "2125550123", "--over", "years"], 2, "--over years: choose talk or days"),
        (["compare", "2125550123", "--kind", "gift"], 2, "--kind gift: choose from"),
        (["compare", "2125550123", "--on", "June"], 2, "--on June: write a day"),
        (["compare", "911"], 1, "911 is never dialled"),
        (["compare", "2125550123", "--plot", "no/such/folder/a.svg"], 2, "cannot be written"),
        (["compare", "2125550123", *["--tariff", "demo"] * 25], 2, "more than 24 rows"),
        (["caps", "none"], 2, "--tariff none: no such file, nor a shipped tariff (california, "),
        (["caps", "demo", "--facility-kind", "camp"], 2, "choose from prison, jail"),
        (["caps", "demo", "--facility-kind", "jail"], 2, "add --population"),
        (["caps", "demo", "--from", "June"], 2, "--from June: write a day"),
        (["caps", "yakima", "--from", "2021-01-02", "--until", "2021-01-02"], 2, "--until 2021-01-02: no day would be"),
        (["caps", "yakima", "--until", "0001-01-01"], 2, "--until 0001-01-01: no day would be judged; write the first"),
        (["caps", "demo", "--fee", "3.00"], 2, "--fee 3.00: write a name and dollars"),
        (["caps", "demo", "--fee", "agent=-1"], 2, "--fee agent=-1: write a name and dollars"),
        (["caps", "demo", "--fee", "agent=NaN"], 2, "write a name and dollars"),
        (["caps", "demo", "--caps", "none.toml"], 1, "none.toml: cannot be read"),
    ],
)
def test_mistakes_on_the_command_line_are_named_with_a_remedy(words: list[str], code: int, message: str) -> None:
    exit_code, out, err = run(*words)
    assert (exit_code, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_every_bad_line_of_a_csv_deck_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("prefix,place,per_minute,valid_from,zone\n+1,here,ten,2021-01-01,UTC\n1,here,1,2021-01-01,UTC\n")
    code, _, err = run("check", str(bad))
    assert code == 1
    assert [line.split(":")[1:3] for line in err.splitlines()] == [["2", " per_minute"], ["3", " prefix"]]


def test_check_counts_the_prices_of_a_good_deck() -> None:
    deck = TABLES.parent / "tariffs" / "federal.csv"
    assert run("check", str(deck))[1].splitlines() == [
        "federal: 4 prices, 2010-01-01 until 2025-01-01",
        "federal: 4 prices, 2025-01-01 until further notice",
    ]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2019, 1, 1), date(2020, 1, 1)),
        (date(2020, 6, 1), date(2020, 6, 1)),
        (date(2030, 1, 1), date(2020, 1, 1)),
    ],
)
def test_a_deck_that_does_not_hold_today_is_asked_about_its_first_day(today: date, expected: date) -> None:
    periods = [
        tariff("one", "+1", valid_from=date(2021, 1, 1), valid_until=date(2022, 1, 1)),
        tariff("one", "+1", valid_from=date(2020, 1, 1), valid_until=date(2021, 1, 1)),
    ]
    noon = day_start(today, "UTC") + timedelta(hours=12)
    assert default_day(Deck(periods), noon) == expected
    assert default_day(Deck([*periods, tariff("two", "+2")]), noon) == today
