"""Why a server cannot start."""

from __future__ import annotations


class StartError(Exception):
    """The server cannot start; the message is one line for the operator."""
