"""HTTP Basic credentials as the old servers read them."""

from __future__ import annotations

import base64
import binascii

from emqx_compat.core.faults import F, Fault


def basic_credentials(header: str | None) -> tuple[str, str]:
    """User and secret of an Authorization header; the secret may contain `:`.

    Faults: CREDENTIALS_MISSING without header, CREDENTIALS_WRONG for another well-formed scheme,
    CREDENTIALS_MALFORMED for anything that cannot be read as `Basic <base64 of user:secret>`. The scheme word
    is taken in any case; a dialect that knows better looks at the header itself.
    """
    if header is None:
        raise Fault(F.CREDENTIALS_MISSING)
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise Fault(F.CREDENTIALS_WRONG if scheme and value else F.CREDENTIALS_MALFORMED)
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Fault(F.CREDENTIALS_MALFORMED) from None
    user, colon, secret = text.partition(":")
    if not colon:
        raise Fault(F.CREDENTIALS_MALFORMED)
    return user, secret
