"""Registrations: where a softphone is reached now (RFC 3261 §10.3).

Pure: `now` is an argument. One binding per contact URI; the latest that was refreshed is rung first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from switch.sip.uri import SipUri

EXPIRES_DEFAULT: Final = 3600.0
EXPIRES_MIN: Final = 10.0
"""Shorter refreshes cost more than they find; a shorter wish is answered 423 (RFC 3261 §10.3 step 7)."""
EXPIRES_MAX: Final = 86_400.0
BINDINGS_MAX: Final = 10
"""Per account: a person has a few phones; more is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A contact of an account. `source` is where its REGISTER came from: NAT is no obstacle."""

    contact: SipUri
    source: tuple[str, int]
    call_id: str
    cseq: int
    expires_at: float


class StaleRegisterError(Exception):
    """A REGISTER older than what is stored (RFC 3261 §10.3 step 7): the update fails as a whole."""


class TooManyBindingsError(Exception):
    """The account has `BINDINGS_MAX` contacts already."""


class Registrar:
    """Bindings of all accounts."""

    def __init__(self) -> None:
        self._bindings: dict[str, dict[str, Binding]] = {}

    def bind(self, user: str, wanted: Sequence[Binding], now: float) -> None:
        """Add or refresh contacts, and remove those that expire now: all of them, or none.

        Raises:
            StaleRegisterError: One has the same Call-ID, and a CSeq that is not higher.
            TooManyBindingsError: No room for so many contacts.
        """
        self.expire(user, now)
        bindings = dict(self._bindings.get(user, {}))
        for binding in wanted:
            key = str(binding.contact)
            known = bindings.pop(key, None)
            if known is not None and _is_stale(known, binding.call_id, binding.cseq):
                raise StaleRegisterError(user)
            if binding.expires_at > now:
                bindings[key] = binding
        if len(bindings) > BINDINGS_MAX:
            raise TooManyBindingsError(user)
        self._put(user, bindings)

    def unbind_all(self, user: str, call_id: str, cseq: int) -> None:
        """Forget every contact (`Contact: *` with `Expires: 0`).

        Raises:
            StaleRegisterError: One was refreshed by a later request of the same Call-ID.
        """
        if any(_is_stale(known, call_id, cseq) for known in self._bindings.get(user, {}).values()):
            raise StaleRegisterError(user)
        self._put(user, {})

    def bindings(self, user: str, now: float) -> tuple[Binding, ...]:
        """Live contacts, the latest refreshed first."""
        self.expire(user, now)
        return tuple(reversed(self._bindings.get(user, {}).values()))

    def expire(self, user: str, now: float) -> None:
        """Drop the contacts whose time has come."""
        bindings = self._bindings.get(user)
        if bindings is None:
            return
        self._put(user, {key: binding for key, binding in bindings.items() if binding.expires_at > now})

    def sweep(self, now: float) -> None:
        """Drop every expired contact; called now and then, so that nothing grows."""
        for user in list(self._bindings):
            self.expire(user, now)

    def users(self, now: float) -> tuple[str, ...]:
        """Accounts with a live contact."""
        self.sweep(now)
        return tuple(self._bindings)

    def _put(self, user: str, bindings: dict[str, Binding]) -> None:
        if bindings:
            self._bindings[user] = bindings
        else:
            self._bindings.pop(user, None)


def _is_stale(known: Binding, call_id: str, cseq: int) -> bool:
    return known.call_id == call_id and cseq <= known.cseq
