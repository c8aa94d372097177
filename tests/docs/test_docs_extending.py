"""Every block of the page on extending does what the page says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ivr import menus
from prompts.cli import app as prompts_app
from scenarios.language.scenario import load_scenario
from scenarios.play.run import Options, run_scenario

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every file of the page, by the name in its first line."""
    for language, text in BLOCKS:
        if language in {"toml", "yaml"}:
            name = re.match(r"# (\S+)\n", text)
            assert name, f"a block of {language} does not name its file: {text[:40]}"
            (tmp_path / name[1]).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def consent() -> Iterator[None]:
    """The function of the page, where the page puts it."""
    (text,) = [text for language, text in BLOCKS if language == "python"]
    exec(compile(text, str(PAGE), "exec"), vars(menus))
    yield
    del menus.MENUS["consent"]


def run(line: str) -> tuple[int, str]:
    """Run a command in this process, in the current folder: its exit code and what it says."""
    command, _, into = line.partition(" > ")
    program, *arguments = shlex.split(command)
    if program == "mkdir":
        Path(arguments[-1]).mkdir(parents=True)
        return 0, ""
    app = {"payphone": payphone(), "python": prompts_app}[program]
    done = CliRunner().invoke(app, arguments[2:] if program == "python" else arguments)
    if into:
        Path(into).write_text(done.output, encoding="utf-8")
    return done.exit_code, done.output


def payphone() -> typer.Typer:
    app = typer.Typer()
    for entry in entry_points(group="payphone.commands"):
        entry.load()(app)
    return app


@pytest.mark.whole
def test_every_command_of_the_page_does_what_the_page_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for language, text in BLOCKS:
        if language == "sh":
            assert [(line, run(line)[0]) for line in text.splitlines()] == [(line, 0) for line in text.splitlines()]
        elif language == "console":
            command, told = text.removeprefix("$ ").split("\n", 1)
            assert run(command) == (1, told)
    assert (folder / "federal.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_a_function_and_a_name_in_the_profile_are_a_menu(folder: Path, consent: None) -> None:
    result = run_scenario(load_scenario(folder / "consenting.yaml"), Options())
    assert result.fault == ""
    assert result.is_passed


def test_the_page_has_no_block_of_another_kind() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "console", "toml", "yaml", "python"}
