"""Where an agent sends what belongs to a call: past a NAT, to a contact, along a route."""

from __future__ import annotations

from switch.sip.headers import NameAddr, Via
from switch.sip.message import Request, respond
from switch.sip.uri import SipUri
from switch.sip.write import write
from tests.support.sip_messages import SDP, a_request
from tests.support.sip_wire import CALLEE_AT, CALLER_AT, STRANGER_AT, Wire


async def test_a_caller_behind_a_nat_gets_our_bye_where_it_was_heard() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    agent.on_invite = lambda leg: leg.answer(SDP)
    via = Via("UDP", "10.0.0.5", 5060, (("branch", "z9hG4bKnat"), ("rport", None)))
    invite = a_request(via=via, contact="<sip:caller@10.0.0.5:5060>")
    legs = []
    agent.on_invite = lambda leg: (legs.append(leg), leg.answer(SDP))  # type: ignore[func-returns-value]
    agent.receive(write(invite), STRANGER_AT)
    to_tag = wire.to_strangers[-1][1].to.tag
    ack = a_request("ACK", via=via.with_param("branch", "z9hG4bKack"), to_tag=to_tag)
    agent.receive(write(ack), STRANGER_AT)
    legs[0].hang_up()
    destination, bye = wire.to_strangers[-1]
    assert destination == STRANGER_AT
    assert isinstance(bye, Request)
    assert str(bye.uri) == "sip:caller@10.0.0.5:5060"


async def test_a_called_phone_behind_a_nat_gets_our_ack_and_bye_where_it_was_called() -> None:
    wire = Wire()
    agent = wire.agent(CALLER_AT)
    inside = SipUri(user="phone", host="10.0.0.5", port=5060)
    leg = agent.invite(
        uri=inside,
        to=NameAddr("", inside),
        from_=NameAddr("", SipUri(user="u", host=CALLER_AT[0])),
        destination=STRANGER_AT,
        offer=SDP,
    )
    _, invite = wire.to_strangers[-1]
    assert isinstance(invite, Request)
    headers = (("Contact", f"<{inside}>"), ("Content-Type", "application/sdp"))
    agent.receive(write(respond(invite, 200, to_tag="there", headers=headers, body=SDP)), STRANGER_AT)
    leg.hang_up()
    sent = [(where, message.method) for where, message in wire.to_strangers if isinstance(message, Request)]
    assert sent == [(STRANGER_AT, "INVITE"), (STRANGER_AT, "ACK"), (STRANGER_AT, "BYE")]


async def test_a_caller_without_nat_gets_our_bye_at_its_contact() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    legs = []
    agent.on_invite = lambda leg: (legs.append(leg), leg.answer(SDP))  # type: ignore[func-returns-value]
    via = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKplain"),))
    invite = a_request(via=via, contact="<sip:caller@192.0.2.77:6000>")
    agent.receive(write(invite), STRANGER_AT)
    to_tag = wire.to_strangers[-1][1].to.tag
    agent.receive(write(a_request("ACK", via=via.with_param("branch", "z9hG4bKa"), to_tag=to_tag)), STRANGER_AT)
    legs[0].hang_up()
    assert wire.to_strangers[-1][0] == ("192.0.2.77", 6000)


async def test_requests_in_a_dialog_with_a_route_go_to_the_route() -> None:
    wire = Wire()
    agent = wire.agent(CALLEE_AT)
    legs = []
    agent.on_invite = lambda leg: (legs.append(leg), leg.answer(SDP))  # type: ignore[func-returns-value]
    via = Via("UDP", "192.0.2.66", 5099, (("branch", "z9hG4bKroute"),))
    invite = a_request(via=via, headers=(("Record-Route", "<sip:192.0.2.88:5061;lr>"),))
    agent.receive(write(invite), STRANGER_AT)
    assert wire.to_strangers[-1][1].headers.get("Record-Route") == "<sip:192.0.2.88:5061;lr>"
    to_tag = wire.to_strangers[-1][1].to.tag
    agent.receive(write(a_request("ACK", via=via.with_param("branch", "z9hG4bKa"), to_tag=to_tag)), STRANGER_AT)
    legs[0].hang_up()
    destination, bye = wire.to_strangers[-1]
    assert destination == ("192.0.2.88", 5061)
    assert bye.headers.get("Route") == "<sip:192.0.2.88:5061;lr>"
