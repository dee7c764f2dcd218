"""What the certificate of a TLS peer says about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SHORT = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
}


def subject(certificate: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Common name and distinguished name (`C=…,O=…,CN=…`) of what `getpeercert` returned; None without one."""
    if not certificate:
        return None, None
    pairs = [pair for group in certificate.get("subject", ()) for pair in group]
    if not pairs:
        return None, None
    names = dict(pairs)
    return names.get("commonName"), ",".join(f"{_SHORT.get(name, name)}={value}" for name, value in pairs)
