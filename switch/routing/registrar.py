"""Registrations: where a softphone is reached now (RFC 3261 §10.3).

Pure: `now` is an argument. One binding per contact URI; the latest that was refreshed is rung first.
"""

from __future__ import annotations

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

    def bind(self, user: str, binding: Binding, now: float) -> None:
        """Add or refresh one contact; one that expires now is removed.

        Raises:
            StaleRegisterError: Same Call-ID, CSeq not higher.
            TooManyBindingsError: No room for another contact.
        """
        self.expire(user, now)
        bindings = self._bindings.setdefault(user, {})
        key = str(binding.contact)
        known = bindings.get(key)
        if known is not None and known.call_id == binding.call_id and binding.cseq <= known.cseq:
            raise StaleRegisterError(user)
        if binding.expires_at <= now:
            bindings.pop(key, None)
        elif known is None and len(bindings) >= BINDINGS_MAX:
            raise TooManyBindingsError(user)
        else:
            bindings.pop(key, None)
            bindings[key] = binding
        if not bindings:
            del self._bindings[user]

    def unbind_all(self, user: str) -> None:
        """Forget every contact (`Contact: *` with `Expires: 0`)."""
        self._bindings.pop(user, None)

    def bindings(self, user: str, now: float) -> tuple[Binding, ...]:
        """Live contacts, the latest refreshed first."""
        self.expire(user, now)
        return tuple(reversed(self._bindings.get(user, {}).values()))

    def expire(self, user: str, now: float) -> None:
        """Drop the contacts whose time has come."""
        bindings = self._bindings.get(user)
        if bindings is None:
            return
        for key in [key for key, binding in bindings.items() if binding.expires_at <= now]:
            del bindings[key]
        if not bindings:
            del self._bindings[user]

    def sweep(self, now: float) -> None:
        """Drop every expired contact; called now and then, so that nothing grows."""
        for user in list(self._bindings):
            self.expire(user, now)

    def users(self, now: float) -> tuple[str, ...]:
        """Accounts with a live contact."""
        self.sweep(now)
        return tuple(self._bindings)
