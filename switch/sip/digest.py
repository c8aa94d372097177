"""Digest authentication of both sides (RFC 3261 §22, RFC 7616, RFC 8760).

MD5 and SHA-256, with qop=auth and, for old peers, without. The server keeps no state per challenge: a nonce
carries its own time and seal. See `nonces` for what guards against replay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from switch.sip.errors import MalformedHeaderError
from switch.sip.fields import Headers
from switch.sip.grammar import quote, unquote

_SCHEME: Final = re.compile(r"[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+", re.ASCII)
_PAIR: Final = re.compile(
    r"""[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*=[ \t]*("[^"\\]*(?:\\.[^"\\]*)*"|[^\x00-\x20\x7f",]+)[ \t]*(?:,|$)""",
    re.DOTALL,
)
_HEX_32_OR_64: Final = re.compile(r"[0-9a-fA-F]{32}(?:[0-9a-fA-F]{32})?")
_NONCE_COUNT: Final = re.compile(r"[0-9a-fA-F]{8}")


class Algorithm(Enum):
    """A hash that both sides may know; offered in the order of the realm's configuration."""

    MD5 = "MD5"
    SHA_256 = "SHA-256"


_BY_NAME: Final = {algorithm.value.upper(): algorithm for algorithm in Algorithm}


@dataclass(frozen=True, slots=True)
class PlainPassword:
    """A password as the person knows it."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HashedPassword:
    """What may be stored instead: H(username:realm:password), good for one algorithm only."""

    algorithm: Algorithm
    ha1: str = field(repr=False)


Secret: TypeAlias = PlainPassword | HashedPassword


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate or Proxy-Authenticate value."""

    realm: str
    nonce: str
    algorithm: Algorithm = Algorithm.MD5
    has_qop: bool = True
    """Whether qop=auth is offered; without it the peer speaks RFC 2069."""
    opaque: str | None = None
    is_stale: bool = False

    def __str__(self) -> str:
        parts = [
            f"realm={quote(self.realm)}",
            f"nonce={quote(self.nonce)}",
            f"algorithm={self.algorithm.value}",
        ]
        if self.has_qop:
            parts.append('qop="auth"')
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        if self.is_stale:
            parts.append("stale=true")
        return "Digest " + ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Credentials:
    """One Authorization or Proxy-Authorization value. `uri` is what the sender hashed, word for word."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str = field(repr=False)
    algorithm: Algorithm = Algorithm.MD5
    cnonce: str | None = None
    nonce_count: int | None = None
    """None where the sender left qop out."""
    opaque: str | None = None

    def __str__(self) -> str:
        parts = [
            f"username={quote(self.username)}",
            f"realm={quote(self.realm)}",
            f"nonce={quote(self.nonce)}",
            f"uri={quote(self.uri)}",
            f'response="{self.response}"',
            f"algorithm={self.algorithm.value}",
        ]
        if self.nonce_count is not None:
            parts += [f"cnonce={quote(self.cnonce or '')}", "qop=auth", f"nc={self.nonce_count:08x}"]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        return "Digest " + ", ".join(parts)


def parse_challenge(value: str, *, name: str = "WWW-Authenticate") -> Challenge | None:
    """Read a challenge; None where its scheme, algorithm or qop is none of ours (RFC 7616 §3.7).

    Raises:
        MalformedHeaderError: A digest challenge without realm or nonce, or not even pairs.
    """
    pairs = _read_pairs(name, value)
    if pairs is None:
        return None
    algorithm = _BY_NAME.get(pairs.get("algorithm", "MD5").upper())
    qops = {qop.strip().lower() for qop in pairs["qop"].split(",")} if "qop" in pairs else {"auth"}
    if algorithm is None or "auth" not in qops:
        return None
    if "realm" not in pairs or "nonce" not in pairs:
        raise MalformedHeaderError(name, "(digest without realm or nonce)")
    stale = pairs.get("stale", "").lower() == "true"
    return Challenge(pairs["realm"], pairs["nonce"], algorithm, "qop" in pairs, pairs.get("opaque"), stale)


def parse_credentials(value: str, *, name: str = "Authorization") -> Credentials | None:
    """Read credentials; None where their scheme or algorithm is none of ours.

    Raises:
        MalformedHeaderError: Digest credentials that lack a part, or hold one that cannot be. The error
            does not repeat the value: it may be a secret.
    """
    pairs = _read_pairs(name, value)
    if pairs is None:
        return None
    algorithm = _BY_NAME.get(pairs.get("algorithm", "MD5").upper())
    if algorithm is None:
        return None
    missing = [key for key in ("username", "realm", "nonce", "uri", "response") if key not in pairs]
    if missing:
        raise MalformedHeaderError(name, f"(digest without {missing[0]})")
    count: int | None = None
    if "qop" in pairs:
        if pairs["qop"].lower() != "auth" or "cnonce" not in pairs:
            raise MalformedHeaderError(name, "(qop is not auth, or without cnonce)")
        if _NONCE_COUNT.fullmatch(pairs.get("nc", "")) is None:
            raise MalformedHeaderError(name, "(nc is not eight hex digits)")
        count = int(pairs["nc"], 16)
    if _HEX_32_OR_64.fullmatch(pairs["response"]) is None:
        raise MalformedHeaderError(name, "(response is not a digest)")
    return Credentials(
        pairs["username"],
        pairs["realm"],
        pairs["nonce"],
        pairs["uri"],
        pairs["response"].lower(),
        algorithm,
        pairs.get("cnonce"),
        count,
        pairs.get("opaque"),
    )


def find_challenge(headers: Headers, name: str) -> Challenge | None:
    """The first challenge we can meet: their order is their preference (RFC 8760 §2.3).

    Raises:
        MalformedHeaderError: One of them cannot be read.
    """
    found = (parse_challenge(value, name=name) for value in headers.all(name))
    return next((challenge for challenge in found if challenge is not None), None)


def find_credentials(headers: Headers, name: str, realm: str) -> Credentials | None:
    """The credentials for a realm, None where there are none.

    Raises:
        MalformedHeaderError: Some cannot be read.
    """
    found = (parse_credentials(value, name=name) for value in headers.all(name))
    return next((given for given in found if given is not None and given.realm == realm), None)


def hash_password(algorithm: Algorithm, username: str, realm: str, password: str) -> HashedPassword:
    """What may be stored instead of a password."""
    return HashedPassword(algorithm, _hash(algorithm, f"{username}:{realm}:{password}"))


def is_right(credentials: Credentials, *, method: str, secret: Secret) -> bool:
    """Whether whoever sent these knew the secret, in time that does not depend on how wrong they are."""
    match secret:
        case PlainPassword(text):
            hashed = hash_password(credentials.algorithm, credentials.username, credentials.realm, text)
        case HashedPassword():
            hashed = secret
    if hashed.algorithm is not credentials.algorithm:
        return False
    expected = _response(
        hashed,
        method=method,
        uri=credentials.uri,
        nonce=credentials.nonce,
        cnonce=credentials.cnonce,
        nonce_count=credentials.nonce_count,
    )
    return hmac.compare_digest(expected, credentials.response)


def authorize(
    challenge: Challenge,
    *,
    username: str,
    secret: Secret,
    method: str,
    uri: str,
    cnonce: str,
    nonce_count: int = 1,
) -> Credentials:
    """Meet a challenge; `uri` is the Request-URI as it is written on the wire.

    Raises:
        AssertionError: The stored hash is for another algorithm than the challenge; look first.
    """
    match secret:
        case PlainPassword(text):
            hashed = hash_password(challenge.algorithm, username, challenge.realm, text)
        case HashedPassword():
            hashed = secret
    if hashed.algorithm is not challenge.algorithm:
        raise AssertionError("this hash cannot meet a challenge of another algorithm")
    client_nonce, count = (cnonce, nonce_count) if challenge.has_qop else (None, None)
    response = _response(hashed, method=method, uri=uri, nonce=challenge.nonce, cnonce=client_nonce, nonce_count=count)
    return Credentials(
        username,
        challenge.realm,
        challenge.nonce,
        uri,
        response,
        challenge.algorithm,
        client_nonce,
        count,
        challenge.opaque,
    )


def challenge_headers(name: str, challenges: Iterable[Challenge]) -> list[tuple[str, str]]:
    """One header field for each challenge, in order of preference."""
    return [(name, str(challenge)) for challenge in challenges]


def _response(
    hashed: HashedPassword,
    *,
    method: str,
    uri: str,
    nonce: str,
    cnonce: str | None,
    nonce_count: int | None,
) -> str:
    ha2 = _hash(hashed.algorithm, f"{method}:{uri}")
    if nonce_count is None:
        return _hash(hashed.algorithm, f"{hashed.ha1}:{nonce}:{ha2}")
    return _hash(hashed.algorithm, f"{hashed.ha1}:{nonce}:{nonce_count:08x}:{cnonce}:auth:{ha2}")


def _hash(algorithm: Algorithm, text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    match algorithm:
        case Algorithm.MD5:
            return hashlib.md5(data, usedforsecurity=False).hexdigest()
        case Algorithm.SHA_256:
            return hashlib.sha256(data).hexdigest()


def _read_pairs(name: str, value: str) -> dict[str, str] | None:
    """The pairs behind `Digest`, None for any other scheme."""
    scheme = _SCHEME.match(value)
    if scheme is None or scheme.group(1).lower() != "digest":
        return None
    pairs: dict[str, str] = {}
    position = scheme.end()
    while position < len(value):
        found = _PAIR.match(value, position)
        if found is None or found.group(1).lower() in pairs:
            raise MalformedHeaderError(name, "(not pairs, or one twice)")
        pairs[found.group(1).lower()] = unquote(found.group(2))
        position = found.end()
    return pairs
