"""Profiles as people see them: rows, differences, and the flow chart of a call."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.call_steps import Side, Step, Steps, span
from ivr.chart import svg
from ivr.profile_file import ProfileFile, read_profile, shipped
from ivr.profile_show import differences, heard, rows, sections

SVG = "{http://www.w3.org/2000/svg}"

ODD = """
name = "odd"
title = "<Odd> & \\"so\\""
languages = ["en", "es"]

[keys]
accept = "*"
price = "##"
language = "0"

[inside]
pin_length = 6
pin_chosen = 2
name = "each-call"
balance_key = "8"
language_keys = ["1", "2"] # unverified
menus = ["time-limit"]

[card]
offers = ["onecall", "sale"]
courtesy = 60

[talking]
limit = 90
warnings = [40, 10]

[[overlays]]
every = 10
first = 5

[retry]
wait = 90
after = ["gave-up"]
"""


@pytest.fixture
def odd(tmp_path: Path) -> ProfileFile:
    path = tmp_path / "odd.toml"
    path.write_text(ODD, encoding="utf-8")
    return read_profile(str(path))


def drawn(read: ProfileFile) -> ElementTree.Element:
    return ElementTree.fromstring(svg(read))


def texts(root: ElementTree.Element, *kinds: str) -> list[str]:
    found = [each for each in root.iter(f"{SVG}text") if not kinds or each.get("class") in kinds]
    return ["".join(each.itertext()) for each in found]


def step(read: ProfileFile, title: str) -> Step:
    return next(each for each in Steps.of(read).all() if each.title == title)


def test_rows_tell_the_value_whether_it_is_usual_and_whether_it_is_unverified() -> None:
    found = {row.key: row for row in rows(read_profile("federal"))}
    assert (found["keys.block"].value, found["keys.block"].is_default, found["keys.block"].is_unverified) == (
        "9",
        False,
        False,
    )
    assert found["keys.price"].is_default and found["keys.price"].is_unverified
    assert found["overlays[0].every"].value == "240"
    assert list(sections(found.values()))[:3] == ["", "keys", "inside"]


def test_what_two_profiles_do_differently_is_told_with_both_values() -> None:
    found = differences(read_profile("california-gtl"), read_profile("connecticut-securus"))
    values = {each.key: (each.left and each.left.value, each.right and each.right.value) for each in found}
    assert values["keys.accept"] == ("5", "1")
    assert values["deposits.cap"] == ("–", "50")
    assert values["overlays[0].every"] == (None, "180")
    assert values["reasons.not-accepted"] == (None, "reason/refused")
    assert not {"name", "title", "talking.limit", "overlays"} & set(values)


def test_a_profile_differs_in_nothing_from_itself() -> None:
    assert differences(read_profile("federal"), read_profile("federal")) == []


def test_what_is_heard_is_told_in_words() -> None:
    told = dict(heard(read_profile("county-example").profile))
    assert "To block all future calls from this facility, press seven then six." in told["the called party hears"]
    assert "[recorded name]" in told["the called party hears"]


@pytest.mark.parametrize("name", shipped())
def test_the_chart_of_a_shipped_profile_shows_its_keys_and_all_it_says(name: str) -> None:
    read = read_profile(name)
    root = drawn(read)
    keys = read.profile.keys
    caps = texts(root, "key")
    for key in (keys.accept, keys.price, keys.refuse, keys.block):
        assert key is None or " ".join(key) in caps
    whole = " ".join(texts(root))
    assert read.profile.title in whole
    assert "Not accepted: released, not billed" in whole
    assert span(read.profile.talking.limit) in whole
    assert len(list(root.iter(f"{SVG}path"))) > 20


def test_a_key_that_nobody_could_check_is_drawn_with_a_mark() -> None:
    root = drawn(read_profile("connecticut-securus"))
    of_profile = [
        group for group in root.iter(f"{SVG}g") if group.get("class") != "account"
    ]  # Its keys are the usual ones.
    kinds = [each.get("class") for group in of_profile for each in group.iter(f"{SVG}rect")]
    assert "cap doubted" in kinds
    assert "cap" not in kinds
    assert any(text.startswith("* unverified: ") for text in texts(root))


def test_texts_cannot_break_out_of_the_drawing(odd: ProfileFile) -> None:
    assert '<Odd> & "so"' in texts(drawn(odd), "head")


def test_a_star_is_a_key_and_no_mark_of_doubt(odd: ProfileFile) -> None:
    root = drawn(odd)
    stars = [each for each in root.iter(f"{SVG}text") if each.get("class") == "key" and each.text == "*"]
    assert len(stars) == 2
    assert [each.get("class") for each in root.iter(f"{SVG}rect")].count("cap doubted") == 2


def test_boxes_do_not_overlap_and_stay_on_the_sheet(odd: ProfileFile) -> None:
    for read in (odd, *map(read_profile, shipped())):
        root = drawn(read)
        boxes = [
            tuple(float(each.get(key) or 0) for key in ("x", "y", "width", "height"))
            for each in root.iter(f"{SVG}rect")
            if each.get("class") == "box"
        ]
        for number, (x, y, width, height) in enumerate(boxes):
            assert x + width <= float(root.get("width") or 0) and y + height <= float(root.get("height") or 0)
            for left, top, wide, high in boxes[number + 1 :]:
                assert x + width <= left or left + wide <= x or y + height <= top or top + high <= y


def test_what_a_profile_adds_is_a_step_of_its_own(odd: ProfileFile) -> None:
    titles = [each.title for each in Steps.of(odd).all() if each.side is Side.INSIDE]
    assert titles[:5] == ["Language", "PIN", "Enrolment", "Menu: time-limit", "Who pays"]
    assert [line.cap and line.cap.key for line in step(odd, "Who pays").lines] == ["0", "1", "8"]
    assert step(odd, "May this call be made, and who pays it?").exits[1].title == (
        "Must wait: less than 1 min 30 s after it ended gave-up"
    )


def test_what_is_offered_by_card_is_a_step_behind_the_greeting(odd: ProfileFile) -> None:
    assert [each.title for each in Steps.of(odd).all()][-2:] == ["Greeting", "By card"]
    assert [line.cap and line.cap.key for line in step(odd, "By card").lines] == ["1", "2"]
    assert step(odd, "By card").notes[1] == "the first call to such a number is free for 1 min"


def test_the_account_line_is_a_call_of_its_own_with_its_keys(odd: ProfileFile) -> None:
    (line,) = Steps.of(odd).account_line()
    assert [each.cap and each.cap.key for each in line.lines] == ["1", "2", "3", "0"]
    assert "$200, or the cap of payments, at most" in line.notes[1]
    assert "ACCOUNT" in [each.text for each in drawn(odd).iter(f"{SVG}text")]


def test_a_machine_that_is_heard_is_a_way_out_of_the_greeting(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[machine]\ntold_by = "sound" # unverified\n', encoding="utf-8")
    out = next(each for each in step(read_profile(str(path)), "Greeting").exits if each.why == "machine heard")
    assert out.title == "A machine*: released at once, not billed"
    assert out.told[0].startswith("it speaks for 2.5 s without a pause")
    assert not [each for each in step(read_profile("federal"), "Greeting").exits if each.why == "machine heard"]


def test_the_greeting_follows_the_order_of_the_profile() -> None:
    lines = step(read_profile("federal"), "Greeting").lines
    assert lines[1].text.startswith("“The call is from [facility]")
    assert lines[2].text.startswith("“The caller is [recorded name]")
    assert [line.cap.key for line in lines if line.cap] == ["5", "9", "2"]


def test_overlays_are_on_the_line_of_those_who_hear_them() -> None:
    root = drawn(read_profile("county-example"))
    marks = [float(each.get("y") or 0) for each in root.iter(f"{SVG}rect") if each.get("class") == "over"]
    bars = [float(each.get("y") or 0) for each in root.iter(f"{SVG}rect") if each.get("class") == "bar"]
    assert len([y for y in marks if bars[0] < y < bars[0] + 18]) == 0
    assert len([y for y in marks if bars[1] < y < bars[1] + 18]) == 3


@pytest.mark.parametrize(("seconds", "said"), [(45, "45 s"), (60, "1 min"), (90, "1 min 30 s"), (0.5, "0.5 s")])
def test_a_time_is_told_in_minutes_and_seconds(seconds: float, said: str) -> None:
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("policy", "talk", "way_out"),
    [
        (
            "",
            "is not listened to for a third party; one that is suspected is noted with the call, which goes on.",
            False,
        ),
        (
            'listens = true # unverified\nthree_way = "cut"\nforwarded = "cut"',
            "is listened to for a third party*; one that is suspected ends the call.",
            True,
        ),
    ],
)
def test_the_chart_tells_what_is_done_about_third_parties(
    tmp_path: Path, policy: str, talk: str, *, way_out: bool
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\n[third_party]\n{policy}\n', encoding="utf-8")
    read = read_profile(str(path))
    assert any(talk in each for each in texts(drawn(read), "note"))
    ringing = step(read, "Ringing")
    assert any("Forwarded to another number" in each.title for each in ringing.exits) is way_out
    assert any("sends the call on" in note for note in ringing.notes) is not way_out


def test_the_chart_tells_of_numbers_that_accept_without_a_key() -> None:
    passive, unannounced = step(read_profile("california-gtl"), "Greeting").notes[-2:]
    assert "hears “To accept" in passive and passive.endswith("accepts with no key in 5 s")
    assert unannounced.endswith("its answer accepts, and the call is free")
