"""Profiles as files: what is read, and how every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.profile import Hears, Part
from ivr.profile_check import wordless
from ivr.profile_file import FILE_SIZE_MAX, ProfileError, load_profile, read_profile, shipped
from ivr.reasons import Reason
from ledger.money import Money
from prompts.audio import Library
from prompts.catalog import ENGLISH

HEAD = 'name = "own"\n'

WRONG = {
    "an unknown key": ('[keys]\nrefuze = "1"', 3, "keys.refuze", "did you mean refuse?"),
    "an unknown key, far from any": ('[keys]\nx = "1"', 3, "keys.x", "known are accept, block, price, refuse"),
    "an unknown key of an overlay": ("[[overlays]]\nevery = 30\nwordz = []", 4, "overlays[0].wordz", "mean words?"),
    "an unknown section": ("[talkin]\nlimit = 60", 2, "talkin", "did you mean talking?"),
    "two actions on one key": ('[keys]\naccept = "7"', 3, "keys.accept", "accept and block cannot be told apart"),
    "a key that begins another": ('[keys]\nblock = "56"\naccept = "5"', 3, "keys.block", "may begin another"),
    "two payers on one key": ('[inside]\ndebit_key = "0"', 3, "inside.debit_key", "give each its own key"),
    "a letter for a key": ('[keys]\naccept = "A"', 3, "keys.accept", "'A' is not a choice"),
    "a part twice": (
        '[outside]\ngreeting = ["recorded", "price", "accept",\n "price"]',
        4, "outside.greeting[3]", "names 'price' twice",
    ),
    "no way to accept": ('[outside]\ngreeting = ["recorded", "price"]', 3, "outside.greeting", "lacks 'accept'"),
    "an unknown part": ('[outside]\ngreeting = ["blok"]', 3, "outside.greeting[0]", "did you mean block?"),
    "a key nobody is told": ('[keys]\nrefuse = "1"\n[outside]\ngreeting = ["recorded", "price", "accept", "block"]',
        3, "keys.refuse", "told to nobody"),
    "a part without its key": (
        '[keys]\nblock = ""\n[outside]\ngreeting = ["recorded", "price", "accept", "block"]',
        5, "outside.greeting[3]", "no key does",
    ),
    "warnings that rise": ("[talking]\nwarnings = [30, 60]", 3, "talking.warnings", "must fall"),
    "a warning longer than the talk": (
        "[talking]\nlimit = 60\nwarnings = [90]", 4, "talking.warnings[0]", "never comes",
    ),
    "words for no warning": (
        '[talking]\n[talking.warning_words]\n20 = ["a/b"]', 4, "talking.warning_words.20", "nobody is",
    ),
    "an overlay after the end": ("[[overlays]]\nevery = 900", 3, "overlays[0].every", "never come"),
    "a first overlay after the end": ("[[overlays]]\nevery = 30\nfirst = 1000", 4, "overlays[0].first", "never come"),
    "an overlay that says nothing": ("[[overlays]]\nevery = 30\nwords = []", 4, "overlays[0].words", "says nothing"),
    "an unknown menu": ('[inside]\nmenus = ["time-limit",\n"tea"]', 4, "inside.menus[1]", "known are time-limit"),
    "an unknown reason": ('[reasons]\nno-anser = ["a/b"]', 3, "reasons.no-anser", "did you mean no-answer?"),
    "a reason that nobody is told": ('[reasons]\nhung-up = ["a/b"]', 3, "reasons.hung-up", "told to nobody"),
    "a wait after what never rang": ('[retry]\nwait = 9\nafter = ["blocked"]', 4, "retry.after[0]", "not how a call"),
    "a wait after nothing": ("[retry]\nwait = 9\nafter = []", 4, "retry.after", "nobody ever waits"),
    "a cap below fifty dollars": ('[deposits]\ncap = "49.99"', 3, "deposits.cap", "a cap of $49.99 is illegal"),
    "a cap as a binary fraction": ("[deposits]\ncap = 50.5", 3, "deposits.cap", "not exact"),
    "a cap that is no amount": ('[deposits]\ncap = "much"', 3, "deposits.cap", "is not an amount"),
    "no name of a recording": ('[outside]\nwhen_silent = ["No key"]', 3, "outside.when_silent[0]", "write it like"),
    "a channel that is none": ('[card]\nchannel = "Phone"', 3, "card.channel", "'Phone' is not a channel"),
    "text for a number": ('[inside]\npin_length = "x"', 3, "inside.pin_length", "write it without quotes"),
    "too much of something": ("[inside]\npin_tries = 10", 3, "inside.pin_tries", "must be 9 or less"),
    "one value for a list": ("[talking]\nwarnings = 60", 3, "talking.warnings", "is a list; write it in brackets"),
    "tables nobody knows": ("[[talkin]]\nlimit = 60", 2, "talkin", "did you mean talking?"),
    "a cap of the account line below fifty dollars": (
        "[account_line]\nmost = 49", 3, "account_line.most", "$49 at most is illegal",
    ),
    "a deposit of the account line above the cap": (
        "[account_line]\nmost = 60\n[deposits]\ncap = 50", 3, "account_line.most", "$60 is never taken",
    ),
    "keys of the account line that begin alike": (
        '[account_line]\nblock_key = "22"', 3, "account_line.block_key", "no choice may begin another",
    ),
    "what is done about machines that nobody hears": (
        '[machine]\nthen = "go-on"', 3, "machine.then", "nobody listens",
    ),
    "speech that no person is let say": ("[machine]\nspeech = 1.0", 3, "machine.speech", "must be 1.5 or more"),
    "a deposit above the cap": (
        '[card]\noffers = ["sale"]\namounts = [25, 60]\n[deposits]\ncap = 50',
        4, "card.amounts[1]", "$60 is never taken",
    ),
    "not TOML": ("[keys\n", 2, "", "not TOML"),
}  # fmt: skip


def own(folder: Path, text: str) -> str:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("text", "line", "key", "told"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_file_line_and_remedy(tmp_path: Path, text: str, line: int, key: str, told: str) -> None:
    file = own(tmp_path, HEAD + text)
    with pytest.raises(ProfileError) as caught:
        load_profile(file)
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.key) == (file, line, key)
    assert told in mistake.text


def test_mistakes_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = own(tmp_path, HEAD + '[talking]\nlimit = -1\n[keys]\nrefuze = "1"\n[inside]\npin_length = 1\n')
    with pytest.raises(ProfileError) as caught:
        load_profile(file)
    assert [mistake.line for mistake in caught.value.mistakes] == [3, 5, 7]
    assert str(caught.value).splitlines()[1] == f"{file}:5: keys.refuze: is not a key here; did you mean refuse?"


def test_a_profile_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"own\.toml: name: is missing"):
        load_profile(own(tmp_path, "[keys]\n"))


@pytest.mark.parametrize(
    ("name", "told"),
    [("califronia", "shipped are california-gtl, "), ("not/there.toml", "there is no such file")],
)
def test_a_profile_that_is_not_there_is_told(name: str, told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        load_profile(name)


def test_a_file_that_is_no_text_or_too_long_is_told(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ProfileError, match="is not UTF-8 text"):
        load_profile(str(path))
    path.write_text("#" * (FILE_SIZE_MAX + 1))
    with pytest.raises(ProfileError, match="no profile"):
        load_profile(str(path))


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_profile_is_right_and_says_which_values_are_unverified(name: str) -> None:
    read = read_profile(name)
    assert read.profile.name == name
    assert read.profile.title
    assert list(wordless(read.profile, Library(ENGLISH).has)) == []
    assert "keys.price" in read.unverified


@pytest.mark.parametrize(
    ("name", "verified"),
    [
        ("california-gtl", {"keys.accept", "keys.block", "talking.limit", "talking.warnings"}),
        ("connecticut-securus", {"talking.limit", "deposits.cap"}),
        ("federal", {"keys.accept", "keys.block"}),
        ("county-example", {"keys.accept", "keys.block"}),
    ],
)
def test_what_the_sources_say_is_not_marked(name: str, verified: set[str]) -> None:
    assert not verified & read_profile(name).unverified


def test_shipped_profiles_have_the_keys_of_their_systems() -> None:
    keys = {name: load_profile(name).keys for name in shipped()}
    assert {name: (each.accept, each.refuse, each.block) for name, each in keys.items()} == {
        "california-gtl": ("5", None, "7"),
        "connecticut-securus": ("1", "2", "6"),
        "county-example": ("3", "9", "76"),
        "federal": ("5", None, "9"),
    }


def test_values_of_every_section_are_read(tmp_path: Path) -> None:
    file = own(
        tmp_path,
        HEAD
        + """
[outside]
when_silent = ["outside/no-key"] # unverified
[talking]
warnings_heard_by = "callee"
warning_words = { 60 = ["mine/hurry"] }
[[overlays]]
every = 60 # unverified
first = 20
words = ["mine/prison"]
heard_by = "caller"
[retry]
wait = 90
after = ["busy"]
[reasons]
busy = ["mine/busy"]
[deposits]
cap = 75
""",
    )
    read = read_profile(file)
    profile = read.profile
    assert read.unverified == {"outside.when_silent", "overlays[0].every"}
    assert profile.talking.warnings_heard_by is Hears.CALLEE
    assert (profile.overlays[0].starts, profile.overlays[0].every) == (20, 60)
    assert (profile.retry.wait, profile.retry.after) == (90, (Reason.BUSY,))
    assert profile.deposits.cap == Money.from_text("75")
    assert Part.BLOCK in profile.outside.greeting
    found = [(mistake.line, mistake.key) for mistake in read.mistakes(wordless(profile, Library(ENGLISH).has))]
    assert found == [
        (7, "talking.warning_words.60[0]"),
        (11, "overlays[0].words[0]"),
        (17, "reasons.busy[0]"),
    ]
