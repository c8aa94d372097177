"""Commands: check, show and compare profiles."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ivr.chart import svg
from ivr.mistake import Mistake
from ivr.profile_check import wordless
from ivr.profile_file import ProfileError, ProfileFile, read_profile
from ivr.profile_show import Row, differences, heard, rows, sections
from prompts.audio import Library
from prompts.catalog import LANGUAGES

profile_app = typer.Typer(
    help="Profiles: the keys, words and limits of one provider's system. Check, show, compare them.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="A shipped profile, or a file of your own ending in .toml.")]
PromptsOption = Annotated[
    Path | None, typer.Option("--prompts", help="The folder of your own recordings, as in the configuration.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]

out = Console()
err = Console(stderr=True)


def register(app: typer.Typer) -> None:
    """Mount the group `profile` on the command `payphone`."""
    app.add_typer(profile_app, name="profile")


def main() -> None:
    """Run `python -m ivr`, which is `payphone profile`."""
    profile_app()


@profile_app.command("check")
def check_command(
    files: Annotated[list[str], typer.Argument(help="Files, or names of shipped profiles.")],
    *,
    prompts: PromptsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name file, line and key of every mistake; exit 1 if there is one."""
    first, *others = LANGUAGES.values()
    library = Library(first, prompts, others=others)
    found = {file: _mistakes(file, library) for file in files}
    is_right = not any(found.values())
    if as_json:
        mistakes = [asdict(each) for wrong in found.values() for each in wrong]
        _print({"ok": is_right, "files": len(files), "mistakes": mistakes})
    else:
        for file, wrong in found.items():
            _tell(wrong)
            if not wrong:
                out.print(f"[green]{escape(file)} is right[/]", soft_wrap=True, highlight=False)
    if not is_right:
        raise typer.Exit(1)


@profile_app.command("show")
def show_command(
    name: Name = "california-gtl",
    *,
    drawing: Annotated[
        str | None, typer.Option("--svg", metavar="FILE", help="Draw the call as a flow chart; - prints it.")
    ] = None,
    as_toml: Annotated[bool, typer.Option("--toml", help="Print the file as it stands, to be copied.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a profile: what is heard, every key and value, and which of them nobody could check."""
    read = _read(name)
    if drawing is not None:
        text = svg(read)
        if drawing == "-":
            sys.stdout.write(text)
        else:
            _write(Path(drawing), text)
    elif as_toml:
        sys.stdout.write(read.text)
    elif as_json:
        values = read.profile.model_dump(mode="json")
        _print({"file": read.file, "unverified": sorted(read.unverified), "profile": values})
    else:
        _show(read)


@profile_app.command("diff")
def diff_command(left: Name, right: Name, *, as_json: JsonOption = False) -> None:
    """Show what two profiles do differently, both values; exit 0 whether they differ or not."""
    one, other = _read(left), _read(right)
    found = differences(one, other)
    if as_json:
        _print(
            [
                {"key": each.key, "left": each.left and each.left.value, "right": each.right and each.right.value}
                for each in found
            ]
        )
        return
    if not found:
        out.print(f"{one.profile.name} and {other.profile.name} do the same")
        return
    table = Table("key", one.profile.name, other.profile.name)
    for each in found:
        table.add_row(escape(each.key), _value(each.left), _value(each.right))
    out.print(table)
    _print_legend([row for each in found for row in (each.left, each.right) if row is not None])


def _show(read: ProfileFile) -> None:
    out.print(f"[bold]{escape(read.profile.title or read.profile.name)}[/]  {escape(read.file)}", highlight=False)
    for whom, words in heard(read.profile):
        out.print(f"\n[dim]{whom}[/]\n  “{escape(words)}”", highlight=False)
    shown = rows(read)
    for section, members in sections(shown).items():
        out.print(f"\n[bold]{section or 'profile'}[/]", highlight=False)
        table = Table.grid(padding=(0, 2))
        for row in members:
            mark = "" if not row.is_default else "[dim]the usual[/]"
            table.add_row(f"  {escape(row.key.removeprefix(section + '.'))}", _value(row), mark)
        out.print(table)
    _print_legend(shown)


def _print_legend(shown: list[Row]) -> None:
    count = sum(row.is_unverified for row in shown)
    if count:
        out.print(f"\n* {count} values are unverified: examples, nobody could check them", highlight=False)


def _value(row: Row | None) -> str:
    if row is None:
        return "[dim]–[/]"
    return f"{escape(row.value)}[yellow] *[/]" if row.is_unverified else escape(row.value)


def _read(name: str) -> ProfileFile:
    try:
        return read_profile(name)
    except ProfileError as error:
        _tell(error.mistakes)
        raise typer.Exit(1) from None


def _mistakes(file: str, library: Library) -> tuple[Mistake, ...]:
    try:
        read = read_profile(file)
    except ProfileError as error:
        return error.mistakes
    return tuple(read.mistakes(wordless(read.profile, library.has)))


def _tell(mistakes: tuple[Mistake, ...]) -> None:
    for mistake in mistakes:
        err.print(str(mistake), style="red", highlight=False, markup=False, soft_wrap=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        err.print(f"{path}: cannot be written: {error.strerror}", style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None


def _print(facts: Any) -> None:
    sys.stdout.write(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
