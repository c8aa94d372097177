"""The server's side of a digest: nonces that carry their own time, and a guard against replay (RFC 7616 §3.3, §5).

A nonce is `milliseconds.salt.seal`. Nothing is kept when one is given out, so a flood of challenges costs
nothing; only nonces that were used with right credentials are kept, with the count they have reached.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum
from typing import Final

from switch.sip.digest import Algorithm, Challenge, Credentials, Secret, is_right
from switch.sip.errors import SipError
from switch.sip.message import Request
from switch.sip.uri import SipUri, Uri, parse_uri, same_uri

NONCE_SECONDS_DEFAULT: Final = 300.0
"""Long enough for a softphone that registers every minute or two to go on with one nonce."""

NONCES_KEPT_MAX: Final = 65_536
"""One for each client that has authenticated within the lifetime; about 20 MB."""

_SEAL_CHARS: Final = 32


class Verdict(Enum):
    """What credentials are worth."""

    RIGHT = "right"
    STALE = "stale"
    """The secret is known, the nonce is not good any more: challenge again with stale=true."""
    WRONG = "wrong"


class DigestGuard:
    """Challenges for one realm, and judges what comes back.

    Args:
        realm: What the people see.
        secret: At least 16 bytes nobody can guess; new for each process.
        algorithms: What to offer, best first. More than one costs old clients their registration:
            some give up when they see a challenge they do not know first.
        nonce_seconds: How long a nonce is good.
    """

    __slots__ = ("_algorithms", "_counts", "_floor", "_nonce_seconds", "_secret", "realm")

    def __init__(
        self,
        *,
        realm: str,
        secret: bytes,
        algorithms: Iterable[Algorithm] = (Algorithm.MD5,),
        nonce_seconds: float = NONCE_SECONDS_DEFAULT,
    ) -> None:
        if len(secret) < 16:
            raise AssertionError("a secret of under 16 bytes can be guessed")
        self.realm = realm
        self._secret = secret
        self._algorithms = tuple(algorithms)
        self._nonce_seconds = nonce_seconds
        self._counts: dict[str, int] = {}
        self._floor = -1

    def challenges(self, now: float, salt: str, *, is_stale: bool = False) -> tuple[Challenge, ...]:
        """One challenge for each algorithm; `salt` tells two of the same millisecond apart."""
        nonce = self._seal(f"{int(now * 1000):x}.{salt}")
        return tuple([Challenge(self.realm, nonce, algorithm, is_stale=is_stale) for algorithm in self._algorithms])

    def judge(self, credentials: Credentials, request: Request, *, secret: Secret, now: float) -> Verdict:
        """Say what credentials are worth; call once for each request, not for its retransmissions.

        Deviates: the digest's URI need not be the Request-URI where nothing can be replayed. RFC 7616 §3.4.6 wants both
        compared, but SIPp, pyVoIP and some phones hash the server's address. A nonce count guards against replay;
        without one, a digest that names its target is good for that target alone, and any other one is good once.
        """
        if credentials.realm != self.realm or credentials.algorithm not in self._algorithms:
            return Verdict.WRONG
        if not is_right(credentials, method=request.method, secret=secret):
            return Verdict.WRONG
        issued = self._issued(credentials.nonce)
        lifetime = int(self._nonce_seconds * 1000)
        if issued is None or not issued <= int(now * 1000) < issued + lifetime or issued <= self._floor:
            return Verdict.STALE
        reached, count = self._counts.get(credentials.nonce, 0), credentials.nonce_count
        if count is None:
            if reached and not _is_same_target(credentials.uri, request):
                return Verdict.STALE
            count = max(reached, 1)
        elif count <= reached:
            return Verdict.STALE
        self._count(credentials.nonce, count, int(now * 1000) - lifetime)
        return Verdict.RIGHT

    def _count(self, nonce: str, count: int, expired: int) -> None:
        """Remember how far a nonce has come; forget the oldest, and with it every nonce as old."""
        self._counts[nonce] = count
        while self._counts:
            oldest = next(iter(self._counts))
            issued = self._issued(oldest)
            if issued is None or issued <= expired:
                del self._counts[oldest]
            elif len(self._counts) > NONCES_KEPT_MAX:
                del self._counts[oldest]
                self._floor = max(self._floor, issued)
            else:
                return

    def _seal(self, body: str) -> str:
        text = f"{body}:{self.realm}".encode("utf-8", "surrogateescape")
        return f"{body}.{hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:_SEAL_CHARS]}"

    def _issued(self, nonce: str) -> int | None:
        """The millisecond a nonce of ours was made in; None for anybody else's."""
        body, _, _ = nonce.rpartition(".")
        sealed = self._seal(body).encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(sealed, nonce.encode("utf-8", "surrogateescape")):
            return None
        return int(body.partition(".")[0], 16)


def _is_same_target(uri: str, request: Request) -> bool:
    """Whether both name one target; parameters only say how to get there."""
    try:
        return same_uri(_target(parse_uri(uri)), _target(request.uri))
    except SipError:
        return False


def _target(uri: Uri) -> Uri:
    return replace(uri, params=()) if isinstance(uri, SipUri) else uri
