"""Token buckets: how much may pass, and how long to wait for more."""

from __future__ import annotations


class TokenBucket:
    """Holds the tokens of one second; taking more than there are is a debt that time pays back."""

    __slots__ = ("_at", "_tokens", "rate")

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        """Tokens a second."""
        self._tokens = max(rate, 1.0)
        self._at = now

    def level(self, now: float) -> float:
        """What is there; below 0: what is owed."""
        if now > self._at:
            self._tokens = min(self._tokens + (now - self._at) * self.rate, max(self.rate, 1.0))
        self._at = now
        return self._tokens

    def take(self, tokens: float, now: float) -> None:
        """Take so many, into debt if need be."""
        self._tokens = self.level(now) - tokens

    def wait(self, now: float) -> float:
        """Seconds until there is at least one; 0 when there is."""
        missing = 1.0 - self.level(now)
        return missing / self.rate if missing > 1e-9 else 0.0
