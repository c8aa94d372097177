from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.report.ladder import (
    DIAGRAM_WIDTH,
    HIDDEN_KEY,
    LANES,
    TEXT_WIDTH_MIN,
    TIME_WIDTH,
    as_rich,
    as_text,
    draw,
    with_keys,
)
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH, Item, Kind

ITEMS = st.lists(
    st.builds(
        Item,
        st.integers(1, 99),
        st.floats(0, 900),
        st.sampled_from(Kind),
        st.sampled_from(LANES),
        st.sampled_from(LANES),
        st.text("abcdefgh “”", max_size=200),
    ),
    max_size=12,
)


def item(kind: Kind, source: str, target: str, text: str, at: float = 10.0) -> Item:
    return Item(1, at, kind, source, target, text)


def drawn(*items: Item, width: int = 100) -> list[str]:
    """The lines below the heading."""
    return as_text(draw(items, since=10.0, width=width)).split("\n")[1:]


def test_lanes_are_named_above_their_lifelines() -> None:
    assert as_text(draw([], since=0, width=100)) == "  time caller   switch   callee    book"


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (item(Kind.SIP, CALLER, SWITCH, "INVITE"), "  0.00    │───────▶│        │        │   INVITE"),
        (item(Kind.SIP, SWITCH, CALLER, "BYE"), "  0.00    │◀───────│        │        │   BYE"),
        (item(Kind.WORDS, SWITCH, CALLEE, "Hello."), "  0.00    │        │┄┄┄┄┄┄┄▶│        │   “Hello.”"),
        (item(Kind.WORDS, CALLER, CALLEE, "Hi."), "  0.00    │┄┄┄┄┄┄┄┄┼┄┄┄┄┄┄┄▶│        │   “Hi.”"),
        (item(Kind.MONEY, SWITCH, BOOK, "hold 1"), "  0.00    │        │════════╪═══════▶│   hold 1"),
        (item(Kind.KEY, CALLEE, SWITCH, "5"), "  0.00    │        │◀•••••••│        │   key 5"),
        (item(Kind.STATE, SWITCH, SWITCH, "ended"), "  0.00    │        ◆        │        │   ended"),
    ],
)
def test_an_item_is_an_arrow_from_its_source_to_its_target(one: Item, line: str) -> None:
    assert drawn(one) == [line]


def test_times_count_from_the_start() -> None:
    assert drawn(item(Kind.SIP, CALLER, SWITCH, "BYE", at=133.456))[0].startswith("123.46 ")


def test_keys_in_a_row_stand_in_one_line_and_unknown_ones_are_dots() -> None:
    keys = [item(Kind.KEY, CALLER, SWITCH, text) for text in ("key", "key", "4", "1")]
    assert drawn(*keys) == ["  0.00    │•••••••▶│        │        │   keys ••41"]


def test_keys_of_different_parties_stand_apart() -> None:
    assert len(drawn(item(Kind.KEY, CALLER, SWITCH, "key"), item(Kind.KEY, CALLEE, SWITCH, "key"))) == 2


def test_the_same_thing_to_both_parties_stands_in_one_line() -> None:
    both = (item(Kind.SIP, SWITCH, CALLEE, "BYE"), item(Kind.SIP, SWITCH, CALLER, "BYE", at=10.05))
    assert drawn(*both) == ["  0.00    │◀───────│───────▶│        │   BYE"]


@pytest.mark.parametrize(
    "second",
    [
        item(Kind.SIP, SWITCH, CALLER, "BYE", at=10.5),
        item(Kind.SIP, SWITCH, CALLER, "CANCEL"),
        item(Kind.SIP, SWITCH, CALLEE, "BYE"),
        item(Kind.STATE, SWITCH, CALLER, "BYE"),
        item(Kind.SIP, SWITCH, BOOK, "BYE"),
    ],
)
def test_what_differs_stands_in_two_lines(second: Item) -> None:
    assert len(drawn(item(Kind.SIP, SWITCH, CALLEE, "BYE"), second)) == 2


def test_long_words_are_wrapped_beside_the_lifelines() -> None:
    lines = drawn(item(Kind.WORDS, SWITCH, CALLER, "one two three four five six seven eight"), width=70)
    assert lines == [
        "  0.00    │◀┄┄┄┄┄┄┄│        │        │   “one two three four five six",
        "          │        │        │        │   seven eight”",
    ]


@given(ITEMS, st.integers(20, 160))
@settings(deadline=None, max_examples=60)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(items: list[Item], width: int) -> None:
    lines = draw(items, since=0, width=width)
    widest = max(width, TIME_WIDTH + DIAGRAM_WIDTH + 2 + TEXT_WIDTH_MIN)
    assert all(len(line) <= widest for line in as_text(lines).split("\n"))
    said = "".join("".join(line.text.split()) for line in lines)
    assert all("".join(one.text.split()) in said for one in items if one.kind is Kind.WORDS)


@given(ITEMS)
@settings(deadline=None, max_examples=30)
def test_colours_change_no_letter(items: list[Item]) -> None:
    lines = draw(items, since=0, width=100)
    plain = [line.rstrip() for line in as_rich(lines).plain.split("\n")]
    assert plain == as_text(lines).split("\n")


def test_keys_pressed_are_told_in_order_of_each_party() -> None:
    items = [item(Kind.KEY, party, SWITCH, "key") for party in (CALLER, CALLEE, CALLER)]
    told = with_keys(items, {CALLER: [HIDDEN_KEY, "0"], CALLEE: ["5"]})
    assert [each.text for each in told] == [HIDDEN_KEY, "5", "0"]


def test_keys_are_not_guessed_when_one_did_not_arrive() -> None:
    items = [item(Kind.KEY, CALLER, SWITCH, "key"), item(Kind.SIP, CALLER, SWITCH, "BYE")]
    assert with_keys(items, {CALLER: ["4", "1"]}) == items
