from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ledger.proof.keys import KeyFileError, is_signed, key_id, make_key, read_private_key, read_public_key, sign


def test_a_pair_is_made_for_its_owner_only(tmp_path: Path) -> None:
    public = make_key(tmp_path / "audit.key")
    assert public == tmp_path / "audit.key.pub"
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    private = read_private_key(tmp_path / "audit.key")
    assert key_id(private.public_key()) == key_id(read_public_key(public))
    assert len(key_id(private.public_key())) == 32


def test_a_signature_is_of_one_text_and_one_key(tmp_path: Path) -> None:
    pairs = [(make_key(tmp_path / name), read_private_key(tmp_path / name)) for name in ("a", "b")]
    (public_file, private), (_, other) = pairs
    public = read_public_key(public_file)
    signature = sign(private, "text")
    assert is_signed(public, "text", signature)
    assert not is_signed(public, "Text", signature)
    assert not is_signed(public, "text", sign(other, "text"))
    assert not is_signed(public, "text", "no hexadecimal")
    assert not is_signed(public, "text", signature[:-2])


@pytest.mark.parametrize("there", ["audit.key", "audit.key.pub"])
def test_a_key_is_never_replaced(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("kept")
    with pytest.raises(KeyFileError, match="never replaced"):
        make_key(tmp_path / "audit.key")
    assert (tmp_path / there).read_text() == "kept"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    make_key(tmp_path / "audit.key")
    (tmp_path / "audit.key").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_private_key(tmp_path / "audit.key")


def test_what_is_no_key_is_said(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    path = tmp_path / "x"
    for content in (b"", b"garbage", other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyFileError, match="no private Ed25519 key"):
            read_private_key(path)
    for content in (b"", other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)):
        path.write_bytes(content)
        with pytest.raises(KeyFileError, match="no public Ed25519 key"):
            read_public_key(path)
    with pytest.raises(KeyFileError, match="keygen"):
        read_public_key(tmp_path / "none")
    with pytest.raises(KeyFileError, match="cannot be written"):
        make_key(tmp_path / "none" / "audit.key")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_comes_to_the_same_judgement(tmp_path: Path) -> None:
    public = make_key(tmp_path / "audit.key")
    (tmp_path / "text").write_text("text")
    (tmp_path / "signature").write_bytes(bytes.fromhex(sign(read_private_key(tmp_path / "audit.key"), "text")))
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", "text"]
    done = subprocess.run([*words, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (tmp_path / "text").write_text("other")
    done = subprocess.run([*words, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode != 0
