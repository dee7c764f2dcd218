"""The embedded engine: sessions, topic tree, delivery, retained messages, wills, bans, metrics and `$SYS`.

It knows no sockets and no HTTP: `emqx_compat.transports` feeds its channels, the services in `services` are the
ports of `core.engine` that it answers.
"""

from emqx_compat.broker.banned import BanStore
from emqx_compat.broker.broker import Broker
from emqx_compat.broker.channel import Channel
from emqx_compat.broker.message import Message, Origin
from emqx_compat.broker.peer import Endpoint, Peer, Sink
from emqx_compat.broker.settings import BrokerSettings

__all__ = ["BanStore", "Broker", "BrokerSettings", "Channel", "Endpoint", "Message", "Origin", "Peer", "Sink"]
