from __future__ import annotations

import pytest

from switch.sip.headers import Via
from switch.transaction.invite_client import build_ack, build_cancel
from switch.transaction.matching import client_key, merge_key, server_key
from tests.support.sip_messages import a_request, an_answer

OLD_VIA = Via("UDP", "192.0.2.1", 5070, (("branch", "1"),))
NO_BRANCH = Via("UDP", "192.0.2.1", 5070)


@pytest.mark.parametrize("via", [None, OLD_VIA, NO_BRANCH], ids=["3261", "2543", "no branch"])
def test_the_ack_of_a_refusal_finds_its_invite(via: Via | None) -> None:
    invite = a_request(via=via)
    ack = build_ack(invite, an_answer(invite, 486))
    assert server_key(ack) == server_key(invite)


@pytest.mark.parametrize("via", [None, OLD_VIA, NO_BRANCH], ids=["3261", "2543", "no branch"])
def test_a_cancel_finds_its_invite_but_is_another_transaction(via: Via | None) -> None:
    invite = a_request(via=via)
    cancel = build_cancel(invite)
    assert server_key(cancel) != server_key(invite)
    assert server_key(cancel, "INVITE") == server_key(invite)


@pytest.mark.parametrize("via", [None, OLD_VIA, NO_BRANCH], ids=["3261", "2543", "no branch"])
def test_a_repeated_request_has_the_same_key(via: Via | None) -> None:
    assert server_key(a_request("BYE", to_tag="t", via=via)) == server_key(a_request("BYE", to_tag="t", via=via))


def test_the_same_branch_from_another_host_or_port_is_another_transaction() -> None:
    keys = {
        server_key(a_request(via=Via("UDP", host, port, (("branch", "z9hG4bKx"),))))
        for host, port in [("192.0.2.1", 5060), ("192.0.2.1", 5061), ("192.0.2.9", 5060), ("192.0.2.1", None)]
    }
    assert len(keys) == 4


def test_hosts_in_sent_by_compare_without_case() -> None:
    one, other = (
        a_request(via=Via("UDP", host, 5060, (("branch", "z9hG4bKx"),))) for host in ("HOST.example", "host.example")
    )
    assert server_key(one) == server_key(other)


def test_the_ack_of_a_2xx_is_a_transaction_of_its_own() -> None:
    assert server_key(a_request("ACK", branch="z9hG4bKtwo", to_tag="t")) != server_key(a_request())


@pytest.mark.parametrize(
    "changed",
    [{"number": 2}, {"from_tag": "other"}, {"call_id": "other"}, {"uri": "sip:other@192.0.2.2"}],
    ids=lambda changed: next(iter(changed)),
)
def test_without_a_unique_branch_every_part_of_the_identity_counts(changed: dict[str, str]) -> None:
    assert server_key(a_request(via=OLD_VIA)) != server_key(a_request(via=OLD_VIA, **changed))


def test_a_response_finds_its_request_by_branch_and_method() -> None:
    invite = a_request()
    assert client_key(an_answer(invite)) == ("z9hG4bKone", "INVITE")
    assert client_key(an_answer(build_cancel(invite))) == ("z9hG4bKone", "CANCEL")


def test_copies_of_a_request_by_two_ways_have_one_merge_key_and_two_server_keys() -> None:
    one, other = a_request(branch="z9hG4bKone"), a_request(branch="z9hG4bKtwo")
    assert merge_key(one) == merge_key(other)
    assert server_key(one) != server_key(other)
