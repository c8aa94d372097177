"""`payphone profile`: check, show, diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli import profile_app

WRONG = 'name = "own"\n[keys]\naccept = "7"\n'


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(profile_app, arguments)
    return done.exit_code, done.output


def test_check_tells_every_file_and_fails_where_one_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(WRONG, encoding="utf-8")
    code, said = run("check", "federal", str(path))
    assert code == 1
    assert "federal is right" in said
    assert f"{path}:3: keys.accept: accept and block cannot be told apart" in said
    code, said = run("check", str(path), "--json")
    facts = json.loads(said)
    assert (code, facts["ok"], facts["mistakes"][0]["line"]) == (1, False, 3)


def test_check_knows_recordings_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[outside]\nprovider = "provider/own"\n', encoding="utf-8")
    code, said = run("check", str(path))
    assert (code, "own.toml:3: outside.provider: nobody has recorded 'provider/own'" in said) == (1, True)
    (tmp_path / "mine" / "provider").mkdir(parents=True)
    (tmp_path / "mine" / "provider" / "own.wav").write_bytes(b"")
    assert run("check", str(path), "--prompts", str(tmp_path / "mine"))[0] == 0


def test_a_prompt_must_be_recorded_in_each_language(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nlanguages = ["en", "es"]\n[reasons]\nbusy = ["mine/busy"]\n', encoding="utf-8")
    said = run("check", str(path))[1]
    assert "'mine/busy'" in said
    assert "'es/mine/busy'" in said


def test_show_says_what_is_heard_and_what_is_unverified() -> None:
    code, said = run("show", "connecticut-securus")
    assert code == 0
    assert "Connecticut, Securus, 2021" in said
    assert "To accept this call, press one." in " ".join(said.split())
    assert "values are unverified" in said


def test_show_prints_facts_the_file_and_the_drawing(tmp_path: Path) -> None:
    facts = json.loads(run("show", "federal", "--json")[1])
    assert (facts["profile"]["keys"]["block"], "keys.price" in facts["unverified"]) == ("9", True)
    assert run("show", "federal", "--toml")[1].startswith("# Federal prisons, 2016.")
    assert run("show", "--svg", "-")[1].startswith("<svg ")
    path = tmp_path / "chart.svg"
    assert run("show", "--svg", str(path))[0] == 0
    assert path.read_text(encoding="utf-8").endswith("</svg>\n")


def test_a_drawing_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    code, said = run("show", "--svg", str(tmp_path / "not" / "there.svg"))
    assert (code, "cannot be written" in said) == (1, True)


@pytest.mark.parametrize("command", [("show", "nope"), ("diff", "nope", "federal")])
def test_a_profile_that_is_not_there_is_told(command: tuple[str, ...]) -> None:
    code, said = run(*command)
    assert (code, "there is no such profile" in said) == (1, True)


def test_diff_tells_both_values_or_that_there_is_nothing_to_tell() -> None:
    code, said = run("diff", "california-gtl", "federal")
    assert code == 0
    assert "keys.block" in said and "inside.pin_length" in said and "keys.accept" not in said
    facts = json.loads(run("diff", "california-gtl", "federal", "--json")[1])
    assert {"key": "keys.block", "left": "7", "right": "9"} in facts
    assert "do the same" in run("diff", "federal", "federal")[1]
