"""Hashes of passwords: EMQX's own schemes, and exports of the old systems."""

from __future__ import annotations

import base64
import hashlib

import pytest

from emqx_compat.access.passwords import NOBODY, SecretHash, hash_from_export, hash_secret


@pytest.mark.parametrize("secret", ["public", "", "pässwörd", "with:colon", "\udcff"])
@pytest.mark.parametrize("scheme", ["sha256", "md5"])
def test_only_the_secret_itself_matches(scheme: str, secret: str) -> None:
    kept = hash_secret(secret, b"salt", scheme)
    assert kept.matches(secret)
    assert not kept.matches(secret + "x")


def test_the_hash_is_salt_then_secret_as_in_emqx_5() -> None:
    kept = hash_secret("public", b"\x01\x02\x03\x04")
    assert kept == SecretHash("sha256", b"\x01\x02\x03\x04", hashlib.sha256(b"\x01\x02\x03\x04public").digest())


def test_a_password_exported_by_4_x_is_verified_with_md5() -> None:
    exported = base64.b64encode(b"abcd" + hashlib.md5(b"abcdpublic").digest())
    kept = hash_from_export(base64.b64decode(exported))
    assert kept.scheme == "md5"
    assert kept.matches("public")
    assert kept.joined() == base64.b64decode(exported)


def test_an_export_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="19 bytes"):
        hash_from_export(bytes(19))


def test_nobody_matches_nothing() -> None:
    assert not NOBODY.matches("")
