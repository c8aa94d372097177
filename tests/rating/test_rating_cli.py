"""The commands price, quote and check, and say clearly what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rating.cli import register

APP = typer.Typer()
register(APP)


@APP.callback()
def payphone() -> None:
    """Stand for the command that mounts the group."""


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(APP, ["rate", *words])
    return result.exit_code, result.stdout, result.stderr


def test_explain_shows_how_a_price_came_about() -> None:
    code, out, _ = run("explain", "2125550123", "--talk", "1m35s", "--on", "2021-06-01")
    assert code == 0
    assert "+12125550123 (US), advancepay, on 2021-06-01" in out
    assert "billed as 120 s" in out
    assert out.splitlines()[-2].split() == ["total", "0.05"]
    assert out.splitlines()[-1].strip() == "in dollars, without taxes"


@pytest.mark.parametrize(
    ("talk", "total"), [("15m", "0.375"), ("900", "0.375"), ("0s", "0.025"), ("1h", "1.5"), ("60.5s", "0.05")]
)
def test_talk_can_be_written_in_several_ways(talk: str, total: str) -> None:
    _, out, _ = run("explain", "+12125550123", "--talk", talk, "--on", "2021-06-01", "--json")
    assert json.loads(out)["total"] == total


def test_a_tariff_of_the_past_is_asked_about_its_first_day() -> None:
    _, out, _ = run("quote", "2125550123", "--tariff", "california-2021", "--json")
    assert json.loads(out)["on"] == "2021-03-19"


def test_without_a_tariff_or_a_day_it_is_today_in_california() -> None:
    _, out, _ = run("quote", "2125550123", "--json")
    assert json.loads(out)["tariff"] == "free-2023"


def test_a_quote_is_json_with_amounts_as_text() -> None:
    _, out, _ = run("quote", "011442079460000", "--tariff", "california-2021", "--on", "2021-06-01", "--json")
    assert json.loads(out) == {
        "number": "+442079460000",
        "country": "GB",
        "kind": "advancepay",
        "on": "2021-06-01",
        "jurisdiction": "international",
        "tariff": "california-2021",
        "prefix": "+",
        "place": "international",
        "first_minute": "0.07",
        "each_minute": "0.07",
        "taxes": "excluded",
    }


def test_a_quote_for_people_tells_both_prices() -> None:
    code, out, _ = run("quote", "3105550123", "--kind", "collect", "--on", "2021-06-01")
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()[2:4]] == ["0.076", "0.076"]
    assert out.splitlines()[-1].strip() == "in dollars, without taxes"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["911"], 1, "911 is never dialled"),
        (["12"], 1, "12 is not a number"),
        (["2125550123", "--on", "2019-06-01"], 1, "no rate for +12125550123, advancepay, interstate, on 2019-06-01"),
        (["2125550123", "--on", "June"], 2, "--on June: write a day"),
        (["2125550123", "--on", "2021-06-01T25:00"], 2, "or when it is accepted as 2021-06-01T18:30"),
        (["2125550123", "--on", "9999-12-31T23:00-12:00"], 2, "--on 9999-12-31T23:00-12:00: write a day"),
        (["2125550123", "--on", "9999-12-31T23:00"], 2, "write an instant from 1900-01-01 to the year 9000"),
        (["2125550123", "--on", "1899-12-31T23:00"], 2, "write an instant from 1900-01-01 to the year 9000"),
        (["2125550123", "--talk", "long", "--on", "2021-06-01"], 2, "--talk long: write for example"),
        (["2125550123", "--talk", "", "--on", "2021-06-01"], 2, "--talk : write for example"),
        (["2125550123", "--tariff", "none"], 2, "--tariff none: no such file, nor a shipped tariff"),
        (["2125550123", "--kind", "gift"], 2, "--kind gift: choose from"),
        (["2125550123", "--tariff", "demo", "--tariff", "free-2023"], 1, "part the two by"),
    ],
)
def test_mistakes_on_the_command_line_are_named_with_a_remedy(words: list[str], code: int, message: str) -> None:
    exit_code, out, err = run("explain", *words)
    assert (exit_code, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_check_passes_over_a_good_file_and_names_the_faults_of_a_bad_one(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "bad"\n', encoding="utf-8")
    code, _, err = run("check", str(bad))
    assert code == 1
    assert [line.split(": ")[1] for line in err.splitlines()] == ["valid_from", "zone", "rows"]
    code, out, _ = run("check", str(bad), "--json")
    assert code == 1
    assert [each["key"] for each in json.loads(out)] == ["valid_from", "zone", "rows"]


def test_check_lists_the_tariffs_of_a_good_file() -> None:
    free = Path(__file__).resolve().parents[2] / "rating" / "tariffs" / "free-2023.toml"
    assert run("check", str(free)) == (0, "free-2023: 1 price, 2023-01-01 until further notice\n", "")
    assert run("check", str(free), "--json") == (0, "[]\n", "")


BANDED = """\
name = "banded"
valid_from = 2021-01-01
zone = "America/New_York"
[[bands]]
name = "evening"
from = "17:00"
[[bands]]
name = "sunday"
days = ["sun"]
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.25"
[[rows]]
place = "Canada"
prefixes = ["+1416"]
per_minute = "0.50"
[[rows]]
band = "evening"
place = "United States"
prefixes = ["+1"]
per_minute = "0.15"
"""


@pytest.mark.parametrize("command", ["explain", "quote", "compare"])
def test_a_price_by_the_day_tells_which_bands_it_leaves_out(tmp_path: Path, command: str) -> None:
    file = tmp_path / "banded.toml"
    file.write_text(BANDED, encoding="utf-8")
    words = (command, "2125550123", "--tariff", str(file), "--on", "2021-06-01")
    assert run(*words)[1].splitlines()[-1].endswith("outside of its bands, which have other prices: evening")
    told = json.loads(run(*words, "--json")[1])
    assert (told[0] if command == "compare" else told)["outside_bands"] == ["evening"]
    assert "bands" not in run(command, "4165550123", "--tariff", str(file), "--on", "2021-06-01")[1]


@pytest.mark.parametrize(
    ("rule", "on", "talk", "band", "total", "told"),
    [
        ("fixed", "2021-06-01T16:59", "3m", "", "0.75", "fixed at acceptance"),
        ("fixed", "2021-06-01T17:00", "3m", "evening", "0.45", "fixed at acceptance"),
        ("fixed", "2021-06-01T21:00Z", "3m", "evening", "0.45", "fixed at acceptance"),
        ("split", "2021-06-01T16:59", "3m", "", "0.55", "costs what holds at the instant it begins"),
        ("split", "2021-06-01 16:58:30-04:00", "3m", "", "0.65", "costs what holds at the instant it begins"),
    ],
)
def test_an_instant_has_its_band_and_says_what_a_change_in_mid_call_does(
    tmp_path: Path, rule: str, on: str, talk: str, band: str, total: str, told: str
) -> None:
    file = tmp_path / "banded.toml"
    file.write_text(f'mid_call = "{rule}"\n{BANDED}', encoding="utf-8")
    words = ("2125550123", "--tariff", str(file), "--on", on)
    facts = json.loads(run("explain", *words, "--talk", talk, "--json")[1])
    assert (facts["total"], facts.get("band", ""), facts["mid_call"]) == (total, band, rule)
    assert facts["at"].startswith("2021-06-01T1")
    assert "outside_bands" not in facts
    out = run("explain", *words, "--talk", talk)[1]
    assert out.startswith("+12125550123 (US), advancepay, accepted at 2021-06-01 1")
    assert told in out, out


def test_a_quote_at_an_instant_tells_when_its_price_changes(tmp_path: Path) -> None:
    file = tmp_path / "banded.toml"
    file.write_text(f'mid_call = "split"\n{BANDED}', encoding="utf-8")
    words = ("quote", "2125550123", "--tariff", str(file), "--on")
    before = json.loads(run(*words, "2021-06-01T16:59", "--json")[1])
    assert (before["first_minute"], before["changes_after"]) == ("0.25", "0:01:00")
    assert "begin 0:01:00 after acceptance" in run(*words, "2021-06-01T16:59")[1]
    evening = run(*words, "2021-06-01T18:00")[1]
    assert "by tariff banded, evening" in evening
    assert "another price" not in evening
    assert json.loads(run(*words, "2021-06-01T18:00", "--json")[1])["first_minute"] == "0.15"


def test_a_change_of_tariffs_in_mid_call_is_explained() -> None:
    _, out, _ = run("explain", "2125550123", "--on", "2021-03-18T23:59:30", "--talk", "2m")
    assert "by tariff california-2020, billed as 120 s" in out
    assert "the price was fixed at acceptance" in out
    assert (
        json.loads(run("explain", "2125550123", "--on", "2021-03-19T00:00", "--json")[1])["tariff"] == "california-2021"
    )
