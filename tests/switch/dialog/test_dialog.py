from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.dialog.dialog import CSEQ_MAX, ROUTES_MAX, Dialog, DialogId, answering_dialog, calling_dialog
from switch.sip.uri import parse_uri
from tests.support.sip_messages import a_request, an_answer

ROUTES = (("Record-Route", "<sip:p1.example;lr>"), ("Record-Route", "<sip:p2.example;lr>, <sip:p3.example>"))


def a_dialog(*routes: str) -> Dialog:
    return Dialog(
        DialogId("call", "ours", "theirs"),
        local="<sip:us@192.0.2.2>;tag=ours",
        remote="<sip:them@192.0.2.1>;tag=theirs",
        local_cseq=7,
        remote_cseq=3,
        route_set=routes,
        remote_target=parse_uri("sip:them@192.0.2.1:5070;x=y"),
    )


def test_the_callee_takes_its_dialog_from_the_invite() -> None:
    dialog = answering_dialog(a_request(number=9, headers=ROUTES), local_tag="ours")
    assert dialog.id == DialogId("call@192.0.2.1", "ours", "caller-tag")
    assert dialog.remote_cseq == 9
    assert str(dialog.remote_target) == "sip:caller@192.0.2.1:5070"
    assert dialog.route_set == ("<sip:p1.example;lr>", "<sip:p2.example;lr>", "<sip:p3.example>")
    bye = dialog.request("BYE")
    assert (bye.from_.tag, bye.to.tag) == ("ours", "caller-tag")
    assert bye.cseq.number == 1


def test_the_caller_takes_its_dialog_from_the_answer_with_the_routes_reversed() -> None:
    invite = a_request(number=4)
    dialog = calling_dialog(invite, an_answer(invite, headers=ROUTES))
    assert dialog.id == DialogId("call@192.0.2.1", "caller-tag", "callee-tag")
    assert dialog.remote_cseq is None
    assert str(dialog.remote_target) == "sip:callee@192.0.2.2:5080"
    assert dialog.route_set == ("<sip:p3.example>", "<sip:p2.example;lr>", "<sip:p1.example;lr>")
    assert dialog.request("BYE").cseq.number == 5


def test_the_ack_of_a_2xx_has_the_number_of_its_invite_and_uses_none_up() -> None:
    dialog = a_dialog()
    ack = dialog.ack(7)
    assert (ack.cseq.number, ack.cseq.method) == (7, "ACK")
    assert dialog.local_cseq == 7


def test_a_loose_route_leaves_the_target_in_the_request_line() -> None:
    dialog = a_dialog("<sip:p1.example;lr>", "<sip:p2.example>")
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:them@192.0.2.1:5070;x=y"
    assert bye.headers.all("Route") == ("<sip:p1.example;lr>", "<sip:p2.example>")
    assert str(dialog.next_hop) == "sip:p1.example;lr"


def test_a_strict_router_gets_the_request_line_and_the_target_goes_last() -> None:
    dialog = a_dialog("<sip:p1.example;method=INVITE;a=b?Subject=x>", "<sip:p2.example;lr>")
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:p1.example;a=b"
    assert bye.headers.all("Route") == ("<sip:p2.example;lr>", "<sip:them@192.0.2.1:5070;x=y>")


def test_without_routes_requests_go_to_the_remote_target() -> None:
    assert a_dialog().next_hop == a_dialog().remote_target


@pytest.mark.parametrize(("number", "is_in_order"), [(2, False), (3, True), (4, True), (4000, True)])
def test_only_a_lower_number_is_out_of_order(number: int, is_in_order: bool) -> None:
    assert a_dialog().is_in_order(a_request("BYE", number=number)) is is_in_order


def test_the_first_request_of_the_callee_sets_the_order() -> None:
    invite = a_request()
    dialog = calling_dialog(invite, an_answer(invite))
    assert dialog.is_in_order(a_request("INFO", number=500))
    assert not dialog.is_in_order(a_request("INFO", number=499))


def test_a_target_refresh_moves_the_peer_and_a_missing_contact_does_not() -> None:
    dialog = a_dialog()
    dialog.refresh_target(a_request(contact="<sip:moved@192.0.2.7:5099>"))
    dialog.refresh_target(a_request(contact=""))
    assert str(dialog.request("BYE").uri) == "sip:moved@192.0.2.7:5099"


def test_an_invite_without_contact_or_tag_still_makes_a_dialog() -> None:
    dialog = answering_dialog(a_request(contact="", from_tag=""), local_tag="ours")
    assert str(dialog.request("BYE").uri) == "sip:caller@192.0.2.1"
    assert dialog.id.remote_tag == ""


def test_sips_makes_the_dialog_secure() -> None:
    assert answering_dialog(a_request(uri="sips:callee@192.0.2.2"), local_tag="t").is_secure
    assert not answering_dialog(a_request(), local_tag="t").is_secure


def test_a_flood_of_routes_is_cut() -> None:
    assert len(a_dialog(*["<sip:p.example;lr>"] * 100).route_set) == ROUTES_MAX


def test_a_restored_dialog_makes_the_same_next_request() -> None:
    dialog = a_dialog("<sip:p1.example;lr>", "<sip:p2.example>")
    assert Dialog.from_json(dialog.to_json()).request("BYE") == dialog.request("BYE")


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    names=st.tuples(TEXT, TEXT, TEXT),
    local=TEXT,
    cseq=st.integers(0, CSEQ_MAX),
    remote_cseq=st.none() | st.integers(0, CSEQ_MAX),
    routes=st.lists(st.sampled_from(["<sip:a.example;lr>", "<sip:b.example>"]), max_size=4),
    is_secure=st.booleans(),
)
def test_every_dialog_survives_being_written_down(
    names: tuple[str, str, str],
    local: str,
    cseq: int,
    remote_cseq: int | None,
    routes: list[str],
    is_secure: bool,
) -> None:
    dialog = Dialog(
        DialogId(*names),
        local=local,
        remote=local,
        local_cseq=cseq,
        remote_cseq=remote_cseq,
        route_set=tuple(routes),
        remote_target=parse_uri("sip:x@[2001:db8::1]:5070"),
        is_secure=is_secure,
    )
    assert Dialog.from_json(dialog.to_json()).facts() == dialog.facts()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"id": ["a"]}', a_dialog().to_json().replace("sip:them@192.0.2.1:5070;x=y", "::"), "null"],
)
def test_what_is_no_dialog_is_refused_with_one_error(text: str) -> None:
    with pytest.raises(ValueError):
        Dialog.from_json(text)
