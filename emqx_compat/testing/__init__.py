"""Servers for tests: in this process, on free ports, without a file, ready in milliseconds.

async with Server() as server:
    answer = await http.get(server.url("v4") + "/clients", auth=server.auth("v4"))

with Server.in_thread() as server:          # for tests without an event loop
    answer = requests.get(server.url("v4") + "/clients", auth=server.auth("v4"))
"""

from emqx_compat.testing.places import Port
from emqx_compat.testing.server import Server
from emqx_compat.testing.sync import SyncServer

__all__ = ["Port", "Server", "SyncServer"]
