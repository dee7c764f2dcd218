"""Identifiers as a dependency: message ids, generated client ids and secrets come from one `Ids`."""

from __future__ import annotations

import random
import secrets
import string
from collections.abc import Callable

from emqx_compat.core.clock import Clock

_ALPHANUMERIC = string.ascii_letters + string.digits


class Ids:
    """Generates ids; with a seeded `random.Random` they are the same in every run.

    Without one, everything comes from the operating system's secure source.
    """

    def __init__(self, clock: Clock, source: random.Random | None = None) -> None:
        self._clock = clock
        self._bits: Callable[[int], int] = source.getrandbits if source else secrets.randbits
        self._node = self._bits(48)
        self._sequence = 0

    def message(self) -> bytes:
        """A 16-byte message id that sorts by time: 8 bytes µs, 6 bytes node, 2 bytes sequence.

        The layout is EMQX's; the APIs print it as 32 upper-case hexadecimal digits.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        micros = int(self._clock.now() * 1_000_000)
        return ((micros << 64) | (self._node << 16) | self._sequence).to_bytes(16, "big")

    def hexadecimal(self, digits: int) -> str:
        """Random lower-case hexadecimal text, as in `rule:1a2b3c4d`."""
        return f"{self._bits(4 * digits):0{digits}x}"

    def text(self, length: int) -> str:
        """Random letters and digits, for secrets and generated client ids."""
        return "".join(_ALPHANUMERIC[self._bits(32) % len(_ALPHANUMERIC)] for _ in range(length))

    def salt(self, size: int = 4) -> bytes:
        """Random bytes for a password hash."""
        return self._bits(8 * size).to_bytes(size, "big")
