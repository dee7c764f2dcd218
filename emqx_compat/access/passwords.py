"""Salted hashes of passwords and secrets, as EMQX keeps them: four bytes of salt, then the secret, hashed once.

They are checked on every HTTP request and must cost microseconds; EMQX 5 takes SHA-256, 2.x to 4.x took MD5 for
dashboard users. The hash says which it is, so that exports of the old systems stay usable.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

SALT_SIZE = 4

_Digest = Callable[[bytes], bytes]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _plain(data: bytes) -> bytes:
    return data


_SCHEMES: dict[str, _Digest] = {"sha256": _sha256, "md5": _md5, "sha": _sha, "plain": _plain}
_BY_SIZE = {32: "sha256", 16: "md5"}


@dataclass(frozen=True, slots=True)
class SecretHash:
    """What is kept of a secret."""

    scheme: str
    """`sha256` or `md5`; of MQTT clients also `sha` and `plain`, the latter without salt."""
    salt: bytes
    digest: bytes

    def matches(self, secret: str) -> bool:
        """Whether it was made from `secret`."""
        return hmac.compare_digest(_SCHEMES[self.scheme](self.salt + _octets(secret)), self.digest)

    def joined(self) -> bytes:
        """Salt and digest in one, as the exports of 2.x to 4.x hold it (there in base64)."""
        return self.salt + self.digest


def hash_secret(secret: str, salt: bytes, scheme: str = "sha256") -> SecretHash:
    """The hash to keep."""
    return SecretHash(scheme, salt, _SCHEMES[scheme](salt + _octets(secret)))


def hash_from_export(joined: bytes) -> SecretHash:
    """The hash that `SecretHash.joined` wrote; its length tells the scheme. Raises ValueError."""
    scheme = _BY_SIZE.get(len(joined) - SALT_SIZE)
    if scheme is None:
        raise ValueError(f"{len(joined)} bytes are no salted MD5 or SHA-256 hash")
    return SecretHash(scheme, joined[:SALT_SIZE], joined[SALT_SIZE:])


NOBODY = SecretHash("sha256", bytes(SALT_SIZE), bytes(32))
"""Matches nothing; compared against when a name is unknown, so that the answer takes as long."""


def _octets(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")
