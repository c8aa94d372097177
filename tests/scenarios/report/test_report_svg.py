from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.play.result import LEVEL_FLOOR, CallSeen, Checked, ClipHeard, Moment
from scenarios.report import levels
from scenarios.report.strip import phases, strip
from scenarios.report.svg import svg
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH, Kind
from tests.scenarios.report.made_calls import ACCEPTED, DENIED, PAYER, moments, phone

SVG = "{http://www.w3.org/2000/svg}"


def drawn(call: CallSeen, **options: object) -> Element:
    return fromstring(svg(call, **options))  # type: ignore[arg-type]


def groups(root: Element, kind: str) -> list[Element]:
    return [each for each in root.iter(f"{SVG}g") if kind in each.get("class", "").split()]


def texts(root: Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def title(group: Element) -> str:
    found = group.find(f"{SVG}title")
    return "" if found is None else found.text or ""


def test_every_message_is_an_arrow_with_its_line() -> None:
    arrows = groups(drawn(ACCEPTED), "sip")
    assert [text for arrow in arrows for text in texts(arrow)] == [
        "INVITE (SDP)",
        "200 OK to INVITE (SDP)",
        "ACK",
        "INVITE (SDP)",
        "200 OK to INVITE (SDP)",
        "BYE",
        "BYE",
        "200 OK to BYE",
    ]
    assert "Call-ID: one@phone" in title(arrows[0])


def test_every_posting_stands_in_it_once_with_its_amount() -> None:
    (entry,) = groups(drawn(ACCEPTED), "entry")
    assert texts(entry) == ["booked: charge", PAYER, "-0.05", "income:calls:advancepay", "0.05"]


def test_every_hold_is_an_arrow_to_the_book_and_a_step_of_paid_talk() -> None:
    root = drawn(ACCEPTED)
    told = [" ".join(texts(group)) for group in groups(root, "money")]
    assert [text.split(" of ")[0] for text in told[:2]] == ["hold 0.025", "hold 0.025"]
    assert [title(step).split(": ")[1] for step in groups(root, "grant")] == [
        "talk paid to 0:00:06 (captured)",
        "talk paid to 0:00:12 (captured)",
    ]


def test_steps_of_paid_talk_fill_the_talk_without_a_gap() -> None:
    root = drawn(ACCEPTED)
    (talk,) = groups(root, "talk")
    steps = [step.find(f"{SVG}rect") for step in groups(root, "grant")]
    edges = [(float(step.get("y", "")), float(step.get("height", ""))) for step in steps if step is not None]
    shaded = talk.find(f"{SVG}rect")
    assert shaded is not None
    top, height = float(shaded.get("y", "")), float(shaded.get("height", ""))
    assert edges[0][0] == pytest.approx(top)
    assert edges[1][0] == pytest.approx(sum(edges[0]), abs=0.3)
    assert sum(edges[1]) == pytest.approx(top + height, abs=0.3)


def test_a_call_that_was_not_accepted_has_no_talk_and_no_steps() -> None:
    root = drawn(DENIED)
    assert groups(root, "talk") == [] and groups(root, "grant") == []
    assert "ended: bad-pin" in texts(root) and groups(root, "cut") == []


def test_the_cut_is_marked_and_warnings_are() -> None:
    root = drawn(ACCEPTED)
    assert len(groups(root, "cut")) == 1
    assert [texts(each) for each in groups(root, "warning")] == [["You have five seconds left."]] * 2


def test_a_message_that_is_lost_ends_on_its_way() -> None:
    call = replace(
        ACCEPTED,
        timeline=(*ACCEPTED.timeline[:-1], Moment(21, 29.0, "sip", SWITCH, CALLER, "INFO"), ACCEPTED.timeline[-1]),
    )
    (lost,) = groups(drawn(call), "lost")
    assert texts(lost) == ["INFO – lost"]


def test_a_long_way_is_told_in_seconds() -> None:
    sip = tuple(replace(each, at=each.at + (0.75 if each.text == "BYE" else 0)) for each in ACCEPTED.phones[1].sip)
    call = replace(ACCEPTED, phones=(ACCEPTED.phones[0], replace(ACCEPTED.phones[1], sip=sip)))
    assert "BYE · 0.77 s" in texts(drawn(call))


def test_an_expectation_that_failed_stands_where_it_was_judged() -> None:
    missed = Checked("hears a warning", False, "never", at=24.0)
    (shown,) = groups(drawn(ACCEPTED, checks=[missed]), "missed")
    assert " ".join(texts(shown)) == "✗ hears a warning: never"


def test_an_expectation_that_held_is_a_mark_with_its_words() -> None:
    held = Checked("hears a warning", True, "so it is", at=25.0)
    (shown,) = groups(drawn(ACCEPTED, checks=[held]), "met")
    assert title(shown) == "25.00: hears a warning" and texts(shown) == []


def test_long_words_that_were_broken_off_are_shortened_and_told_in_full_on_hovering() -> None:
    said = "This call is recorded and may be monitored. " * 9
    call = replace(ACCEPTED, timeline=(*ACCEPTED.timeline[:-5], Moment(17, 29.0, "words", SWITCH, CALLEE, said)))
    shown = next(group for group in groups(drawn(call), "unheard") if title(group).startswith("This call"))
    assert title(shown) == said and len(texts(shown)) == 3 and texts(shown)[-1].endswith(" …")


def test_many_holds_in_a_row_are_drawn_and_not_worded() -> None:
    holds = moments(
        *(
            (
                19.0 + 6 * n,
                "money",
                SWITCH,
                BOOK,
                f"hold 0.025 of {PAYER}: talk paid to 0:{n // 10:02d}:{n % 10 * 6:02d}",
            )
            for n in range(1, 40)
        )
    )
    root = drawn(replace(ACCEPTED, timeline=holds, phones=()))
    assert len(groups(root, "money")) == 39
    assert len(groups(root, "folded")) == 36
    assert "… 36 more holds" in texts(root)
    assert float(root.get("height", "")) < 600


def test_idle_stretches_are_broken_and_told() -> None:
    (broken,) = groups(drawn(ACCEPTED), "break")
    assert texts(broken) == ["11.8 s"]


def test_a_drawing_of_its_own_brings_its_style_and_one_of_a_page_does_not() -> None:
    assert ".ladder" in svg(ACCEPTED)
    assert "<style" not in svg(ACCEPTED, is_alone=False)


def test_ids_begin_with_the_prefix_and_links_lead_to_the_page() -> None:
    root = drawn(ACCEPTED, prefix="s3c1", is_linked=True)
    assert [each.get("id") for each in root.iter() if each.get("id")] == [f"s3c1-m{n}" for n in range(1, 9)]
    assert [each.get("href") for each in root.iter(f"{SVG}a")] == [f"#s3c1-t{n}" for n in range(1, 9)]


def test_nothing_lies_outside_of_the_drawing() -> None:
    root = drawn(ACCEPTED)
    height = float(root.get("height", ""))
    assert all(0 <= float(each.get("y", "0")) <= height for each in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("call", [ACCEPTED, DENIED], ids=["accepted", "denied"])
def test_no_label_covers_another_of_its_column(call: CallSeen) -> None:
    columns: dict[tuple[str, str], list[float]] = {}
    for each in drawn(call).iter(f"{SVG}text"):
        columns.setdefault((each.get("x", ""), each.get("text-anchor", "")), []).append(float(each.get("y", "")))
    assert len(columns) >= 5
    for heights in columns.values():
        assert all(after - before >= 10 for before, after in pairwise(sorted(heights)))


def test_a_call_of_which_nothing_is_known_can_be_drawn() -> None:
    empty = CallSeen("x", 0.0, None, None, (), (), (), (), None, "")
    assert texts(drawn(empty))[:2] == ["caller", "–"]
    fromstring(strip(empty))


HOSTILE = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["</text><script>", "]]>", "\x00\ud800", '" onload="x']
)


@given(
    HOSTILE,
    st.sampled_from(Kind),
    st.sampled_from([CALLER, SWITCH, CALLEE, BOOK]),
    st.sampled_from([CALLER, SWITCH, CALLEE, BOOK]),
)
@settings(deadline=None, max_examples=60)
def test_any_text_gives_valid_xml_without_elements_of_its_own(said: str, kind: Kind, source: str, target: str) -> None:
    call = replace(
        ACCEPTED,
        call_id=said,
        timeline=(*ACCEPTED.timeline, Moment(22, 31.0, kind.value, source, target, said)),
        phones=(replace(ACCEPTED.phones[0], actor=said, heard=(ClipHeard(31.0, 32.0, "x", said, True),)),),
    )
    tags = {each.tag.removeprefix(SVG) for each in drawn(call).iter()}
    assert tags <= {"svg", "style", "g", "title", "text", "rect", "line", "path"}


def test_the_sound_at_each_ear_is_drawn_where_there_was_some() -> None:
    assert [group.get("class") for group in groups(drawn(ACCEPTED), "sound")] == ["sound caller", "sound callee"]
    silent = tuple(replace(each, levels=(LEVEL_FLOOR,) * 200) for each in ACCEPTED.phones)
    assert groups(drawn(replace(ACCEPTED, phones=silent)), "sound") == []


def test_curves_begin_and_end_in_silence_and_tell_the_loudest() -> None:
    one = phone(CALLER, levels_since=0.0, levels=(-96.0, -33.0, -6.0, -96.0))
    (curve,) = levels.curves(one, 0.0, 40.0, lambda place: place / 100)
    assert curve[0][1] == curve[-1][1] == 0.0
    assert max(loud for _, loud in curve) == 1.0
    assert all(9 <= place <= 31 for place, _ in curve)


def test_a_call_at_a_glance_has_its_phases_to_scale() -> None:
    assert [(each.name, round(each.since, 2), round(each.until, 2)) for each in phases(ACCEPTED)] == [
        ("entering", 0.01, 3.6),
        ("ringing", 3.6, 3.7),
        ("greeting", 3.7, 18.0),
        ("talk", 18.0, 30.0),
    ]
    root = fromstring(strip(ACCEPTED))
    assert len(groups(root, "phase")) == 4 and len(groups(root, "grant")) == 2 and len(groups(root, "cut")) == 1
    assert "28 s" in texts(root)


def test_a_call_that_was_denied_at_a_glance_only_entered() -> None:
    assert [each.name for each in phases(DENIED)] == ["entering"]
    assert texts(fromstring(strip(DENIED, width=150, height=14, is_small=True))) == []
