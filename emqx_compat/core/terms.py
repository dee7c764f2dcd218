"""Values that are words of the old servers' own language, where JSON has no word for them."""

from __future__ import annotations


class Atom(str):
    """A word that is no text: it prints bare in an Erlang term, and as text in JSON."""

    __slots__ = ()


UNDEFINED = Atom("undefined")
"""What 2.x–4.x show where a value was never given."""
