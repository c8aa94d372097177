from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scenarios import cli
from scenarios.demo.folder import OWN_FILES, FolderError, start_afresh


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = start_afresh(tmp_path / "out" / "demo")
    assert folder.path.is_dir()


def test_an_earlier_run_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    folder = start_afresh(tmp_path / "demo")
    for name in OWN_FILES:
        (folder.path / name).write_text("old")
    folder.recordings.mkdir()
    (folder.recordings / "old.wav").write_bytes(b"old")
    (folder.path / "notes.txt").write_text("mine")
    again = start_afresh(folder.path)
    assert sorted(path.name for path in again.path.iterdir()) == [".payphone-demo", "notes.txt"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "book.db").write_text("a real book")
    with pytest.raises(FolderError, match="name another folder with --out"):
        start_afresh(tmp_path)
    assert (tmp_path / "book.db").read_text() == "a real book"


def test_a_link_to_recordings_elsewhere_is_removed_and_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.wav").write_bytes(b"kept")
    folder = start_afresh(tmp_path / "demo")
    folder.recordings.symlink_to(elsewhere)
    start_afresh(folder.path)
    assert (elsewhere / "kept.wav").exists() and not folder.recordings.exists()


def test_a_file_in_the_way_ends_the_command_with_code_2(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    app = typer.Typer()
    app.callback()(lambda: None)
    cli.register(app)
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "demo")])
    assert result.exit_code == 2
    assert "is a file; name a folder with --out" in result.stderr
