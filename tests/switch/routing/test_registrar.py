"""Bindings of accounts: added, refreshed, expired, and all or none of a request's changed."""

from __future__ import annotations

import pytest

from switch.routing.registrar import BINDINGS_MAX, Binding, Registrar, StaleRegisterError, TooManyBindingsError
from switch.sip.uri import SipUri

SOURCE = ("192.0.2.7", 5060)


def binding(host: str, *, expires_at: float = 100.0, call_id: str = "c", cseq: int = 1) -> Binding:
    return Binding(SipUri("sip", "family", None, host, 5060), SOURCE, call_id, cseq, expires_at)


def hosts(registrar: Registrar, now: float = 0.0) -> list[str]:
    return [live.contact.host for live in registrar.bindings("family", now)]


def test_the_latest_refreshed_contact_is_rung_first() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding("a"), binding("b")], 0)
    registrar.bind("family", [binding("a", cseq=2)], 1)
    assert hosts(registrar) == ["a", "b"]


def test_a_contact_is_gone_at_the_instant_it_expires() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding("a", expires_at=10), binding("b", expires_at=20)], 0)
    assert hosts(registrar, 9.99) == ["b", "a"]
    assert hosts(registrar, 10) == ["b"]
    assert hosts(registrar, 20) == []
    assert registrar.users(20) == ()


def test_expiry_now_removes_a_contact_and_leaves_the_others() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding("a"), binding("b")], 0)
    registrar.bind("family", [binding("a", cseq=2, expires_at=5)], 5)
    assert hosts(registrar, 5) == ["b"]


def test_a_request_older_than_what_is_stored_changes_nothing_at_all() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding("a", cseq=7)], 0)
    for cseq in (6, 7):
        with pytest.raises(StaleRegisterError):
            registrar.bind("family", [binding("new", cseq=cseq), binding("a", cseq=cseq, expires_at=0)], 1)
        with pytest.raises(StaleRegisterError):
            registrar.unbind_all("family", "c", cseq)
    assert hosts(registrar, 1) == ["a"]


def test_another_call_id_may_count_from_the_start() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding("a", cseq=7)], 0)
    registrar.bind("family", [binding("a", call_id="rebooted", cseq=1, expires_at=50)], 1)
    assert registrar.bindings("family", 1)[0].call_id == "rebooted"
    registrar.unbind_all("family", "third", 1)
    assert hosts(registrar) == []


def test_one_contact_too_many_is_refused_and_the_others_stay() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding(f"h{number}") for number in range(BINDINGS_MAX)], 0)
    with pytest.raises(TooManyBindingsError):
        registrar.bind("family", [binding("h0", cseq=2), binding("one-more", cseq=2)], 1)
    assert len(hosts(registrar)) == BINDINGS_MAX
    assert "one-more" not in hosts(registrar)
    registrar.bind("family", [binding("h0", cseq=2, expires_at=1), binding("one-more", cseq=2)], 1)
    assert "one-more" in hosts(registrar)


def test_a_sweep_forgets_accounts_without_a_live_contact() -> None:
    registrar = Registrar()
    registrar.bind("family", [binding("a", expires_at=10)], 0)
    registrar.sweep(5)
    assert registrar.users(5) == ("family",)
    registrar.sweep(10)
    assert registrar._bindings == {}


def test_nobody_who_never_registered_is_found() -> None:
    registrar = Registrar()
    registrar.unbind_all("family", "c", 1)
    assert hosts(registrar) == []
