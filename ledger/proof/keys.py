"""Ed25519 keys (RFC 8032) in files: the private one signs checkpoints and never enters a book.

Both are PEM (PKCS #8 and SubjectPublicKeyInfo, RFC 8410), so that other programs can check a signature:
`openssl pkeyutl -verify -rawin`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ledger.errors import LedgerError

OWNER_ONLY: Final = 0o600
KEY_FILE_MAX: Final = 10_000
"""Bytes read of a key file; one has some 120."""


class KeyFileError(LedgerError):
    """A key cannot be read, made or trusted; says why, and what to do."""


def make_key(path: Path) -> Path:
    """Make a key: the private one in `path`, for its owner only, the public one beside it as `<path>.pub`.

    Raises:
        KeyFileError: One of the files is there already, or cannot be written.
    """
    public = path.with_name(f"{path.name}.pub")
    key = Ed25519PrivateKey.generate()
    if public.exists():
        raise KeyFileError(f"{public} is there already: name another file, a key is never replaced")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except FileExistsError:
        raise KeyFileError(f"{path} is there already: name another file, a key is never replaced") from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}") from error
    return public


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs.

    Raises:
        KeyFileError: It is not there, open to others, or no Ed25519 key in PEM without a password.
    """
    content = _content(path)
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path} is open to others, who could sign with it: chmod 600 {path}")
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "private") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The key that checks.

    Raises:
        KeyFileError: It is not there, or no Ed25519 public key in PEM.
    """
    try:
        key = load_pem_public_key(_content(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "public") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """A name of a key, to tell keys apart: the first 128 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:32]


def sign(key: Ed25519PrivateKey, text: str) -> str:
    """The signature of a text, in hexadecimal."""
    return key.sign(text.encode()).hex()


def is_signed(key: Ed25519PublicKey, text: str, signature: str) -> bool:
    """Whether the owner of the key signed exactly this text."""
    try:
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEY_FILE_MAX)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}; `payphone ledger keygen` makes a key") from error


def _no_key(path: Path, which: str) -> KeyFileError:
    return KeyFileError(f"{path} is no {which} Ed25519 key in PEM; `payphone ledger keygen` makes a pair")
