"""What the three batch forms of `/mqtt/*` share: items in, codes out, in the order of the request."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from api_v4.dialect import Arguments
from emqx_compat.core.faults import F, Fault
from emqx_compat.http.call import Call
from emqx_compat.http.dialect import wire_for
from emqx_compat.http.route import Wire

DONE = Wire(code=0)


def items_of(call: Call) -> list[Any]:
    """The array of the body; empty without a body. Any other body crashes 4.4.19: INTERNAL_ERROR."""
    if isinstance(call.body, list):
        return call.body
    if call.raw_body:
        raise Fault(F.INTERNAL_ERROR)
    return []


async def outcome_of(call: Call, work: Awaitable[object]) -> Wire:
    """`DONE`, or the catalogue's cell of the fault with which one item ended.

    Where a single call would crash, the whole batch does, and the items before this one are done.
    """
    try:
        await work
    except Fault as fault:
        wire = wire_for(fault, call)
        if wire.status != 200:
            raise
        return wire
    return DONE


def echo_of(item: Arguments) -> Any:
    """What an item's answer says of its topic: `topic` or `topics` as they were sent."""
    return item.get("topic", item.get("topics", ""))
