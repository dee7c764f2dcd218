"""Rules for names and passwords that more than one generation enforces."""

from __future__ import annotations

import re

from emqx_compat.core.faults import F

_USERNAME = re.compile(r"[A-Za-z0-9_]+")
_APP_ID = re.compile(r"[A-Za-z0-9]+[A-Za-z0-9\-_]*")
_KEY_NAME = re.compile(r"[A-Za-z]+[A-Za-z0-9\-_]*")
_KINDS = (re.compile(r"[A-Za-z]"), re.compile(r"[0-9]"), re.compile(r"[^A-Za-z0-9]"))


def password_fault(password: str) -> F | None:
    """What 4.4.14+ and 5.x have against a password: 8–64 ASCII characters of at least two kinds."""
    if not 8 <= len(password) <= 64:
        return F.PASSWORD_LENGTH
    if not password.isascii():
        return F.PASSWORD_NOT_ASCII
    if sum(1 for kind in _KINDS if kind.search(password)) < 2:
        return F.PASSWORD_TOO_PLAIN
    return None


def valid_username(username: str) -> bool:
    """5.x: letters, digits and underscores."""
    return _USERNAME.fullmatch(username) is not None


def valid_app_id(app_id: str) -> bool:
    """4.4: a letter or digit, then also `-` and `_`, 1–256 bytes."""
    return len(app_id) <= 256 and _APP_ID.fullmatch(app_id) is not None


def valid_key_name(name: str) -> bool:
    """5.x: letters first, then also digits, `-` and `_`, at most 256 bytes."""
    return len(name) <= 256 and _KEY_NAME.fullmatch(name) is not None
