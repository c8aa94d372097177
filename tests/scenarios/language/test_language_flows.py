"""Call flows: what a line means, which messages a flow is about, and where two flows part."""

from __future__ import annotations

import pytest

from scenarios.language.flows import Arrow, concerned, difference, parse_arrow


def flow(*lines: str) -> list[Arrow]:
    return [parse_arrow(line) for line in lines]


SEEN = flow("-> REGISTER", "<- 200 to REGISTER", "<- INVITE", "-> 180 to INVITE", "-> 200 to INVITE", "<- ACK")
CALL = flow("<- INVITE", "-> 180", "-> 200", "<- ACK")


@pytest.mark.parametrize("line", ["-> INVITE", "<- 200", "<- 200 to BYE", "  ->   180 "])
def test_a_line_is_an_arrow_and_a_message(line: str) -> None:
    assert str(parse_arrow(line)) == " ".join(line.split())


@pytest.mark.parametrize("line", ["INVITE", "-> ", "-> 099", "-> invite", "-> INVITES", "-> 200 to NOTHING", 200])
def test_what_is_no_line_is_refused(line: object) -> None:
    with pytest.raises(ValueError, match=r"write|there is no request"):
        parse_arrow(line)


def test_a_bare_status_answers_anything_and_a_full_one_only_what_it_names() -> None:
    (seen,) = flow("<- 200 to BYE")
    assert [arrow.fits(seen) for arrow in flow("<- 200", "<- 200 to BYE", "<- 200 to INVITE", "-> 200")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_flow_is_about_calls_or_about_registrations_or_both() -> None:
    assert concerned(CALL, SEEN) == SEEN[2:]
    assert concerned(flow("-> REGISTER", "<- 200"), SEEN) == SEEN[:2]
    assert concerned(flow("-> REGISTER", "<- 200", "<- INVITE"), SEEN) == SEEN
    assert concerned([], SEEN) == SEEN[2:]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (CALL, ""),
        (flow("<- INVITE", "-> 486"), "message 2 is `-> 180 to INVITE`, expected `-> 486`"),
        (CALL[:3], "message 4 is `<- ACK`, expected nothing more"),
        ([*CALL, *flow("<- BYE")], "message 5 is nothing more, expected `<- BYE`"),
        (flow("-> INVITE"), "message 1 is `<- INVITE`, expected `-> INVITE`"),
    ],
)
def test_the_first_difference_is_told_with_the_whole_flow(wanted: list[Arrow], told: str) -> None:
    found = difference(wanted, SEEN[2:])
    assert found.startswith(told)
    assert bool(found) is bool(told)
    assert not found or found.endswith("the whole flow is [<- INVITE, -> 180 to INVITE, -> 200 to INVITE, <- ACK]")
