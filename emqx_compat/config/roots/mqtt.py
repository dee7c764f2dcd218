"""Root `mqtt`: what EMQX calls the zone settings (defaults of EMQX 5.6.1)."""

from __future__ import annotations

from emqx_compat.config.kinds import Kind, anything, boolean, duration, enum, integer, number, size, text
from emqx_compat.config.nodes import Node
from emqx_compat.config.schema import Field, Struct

STRATEGIES = (
    "random",
    "round_robin",
    "round_robin_per_group",
    "sticky",
    "local",
    "hash_topic",
    "hash_clientid",
)
_CERT = ("disabled", "cn", "dn", "crt", "pem", "md5")


def _priorities() -> Kind:
    kind = anything("a table of topics with priorities from 1 to 255, or disabled", dict, str)

    def read(node: Node) -> object:
        value = kind.read(node)
        if value == "disabled":
            return {}
        if not isinstance(value, dict) or not all(
            isinstance(priority, int) and 1 <= priority <= 255 for priority in value.values()
        ):
            raise ValueError
        return value

    return Kind(kind.name, kind.expected, read, written=True)


MQTT = Struct(
    {
        "idle_timeout": Field(
            duration("infinity"), "15s", "How long a new connection may stay without sending CONNECT."
        ),
        "max_packet_size": Field(size(high=256 << 20), "1MB", "Largest packet accepted from a client."),
        "max_clientid_len": Field(integer(23, 65535), 65535, "Longest client id accepted, in bytes."),
        "max_topic_levels": Field(integer(1, 65535), 128, "Most levels in a topic name or filter."),
        "max_topic_alias": Field(integer(0, 65535), 65535, "Highest topic alias; 0: none are supported."),
        "retain_available": Field(boolean(), True, "Whether retained messages are supported."),
        "wildcard_subscription": Field(boolean(), True, "Whether filters with wildcards are supported."),
        "shared_subscription": Field(boolean(), True, "Whether $share/<group>/… is supported."),
        "shared_subscription_strategy": Field(
            enum(*STRATEGIES), "round_robin", "Which member of a shared group gets a message."
        ),
        "exclusive_subscription": Field(boolean(), False, "Whether $exclusive/… is supported."),
        "ignore_loop_deliver": Field(
            boolean(), False, "Do not send a message back to its publisher (MQTT 3.1 and 3.1.1)."
        ),
        "strict_mode": Field(
            boolean(),
            False,
            "Refuse packets with invalid UTF-8 and the like. They are refused in any case, as the standards want.",
            unused_values=(False,),
        ),
        "response_information": Field(text(), "", "Response Information sent in CONNACK (MQTT 5)."),
        "server_keepalive": Field(
            integer(1, 65535, "disabled"), "disabled", "Keep-alive in seconds imposed on clients."
        ),
        "keepalive_multiplier": Field(
            number(0.0), 1.5, "A client is gone after keep-alive times this without a packet."
        ),
        "retry_interval": Field(
            duration("infinity"), "30s", "Wait before an unacknowledged QoS 1 or 2 message is sent again."
        ),
        "use_username_as_clientid": Field(boolean(), False, "Take the username as client id."),
        "peer_cert_as_username": Field(enum(*_CERT), "disabled", "Field of the peer's certificate for username."),
        "peer_cert_as_clientid": Field(enum(*_CERT), "disabled", "Field of the peer's certificate for client id."),
        "session_expiry_interval": Field(
            duration(), "2h", "How long a session outlives its connection (clients before MQTT 5)."
        ),
        "message_expiry_interval": Field(
            duration("infinity"), "infinity", "How long a message waits in a queue that names no expiry itself."
        ),
        "max_awaiting_rel": Field(
            integer(0, None, "infinity"), 100, "Most QoS 2 messages of one publisher that wait for PUBREL."
        ),
        "max_qos_allowed": Field(integer(0, 2), 2, "Highest QoS accepted."),
        "mqueue_priorities": Field(_priorities(), "disabled", "Topic → priority in the message queue."),
        "mqueue_default_priority": Field(
            enum("highest", "lowest"), "lowest", "Priority of topics outside mqueue_priorities."
        ),
        "mqueue_store_qos0": Field(boolean(), True, "Whether QoS 0 messages wait in the queue."),
        "max_mqueue_len": Field(
            integer(0, None, "infinity"), 1000, "Most messages waiting for one session; the oldest is dropped."
        ),
        "max_inflight": Field(integer(1, 65535), 32, "Most unacknowledged QoS 1 and 2 messages to one client."),
        "max_subscriptions": Field(integer(1, None, "infinity"), "infinity", "Most subscriptions of one session."),
        "upgrade_qos": Field(boolean(), False, "Raise a message's QoS to the subscription's."),
        "await_rel_timeout": Field(duration(), "300s", "How long a QoS 2 message waits for PUBREL."),
    },
    "MQTT limits and features, for every listener.",
)
