"""Root `listeners`: MQTT over TCP, TLS, WebSocket and secure WebSocket (defaults of EMQX 5.6.1).

One difference: EMQX starts `ssl:default` and `wss:default` with certificates it ships. Here `enable` is `auto` for
them, which starts a listener once a certificate is configured.
"""

from __future__ import annotations

from ipaddress import ip_network

from emqx_compat.config.kinds import Kind, address, boolean, duration, enum, integer, rate, size, text, texts
from emqx_compat.config.nodes import Node
from emqx_compat.config.schema import Field, MapOf, Spec, Struct, ignored, unused


def _access_rules() -> Kind:
    lines = texts()

    def read(node: Node) -> object:
        rules = lines.read(node)
        assert isinstance(rules, list)
        for rule in rules:
            verdict, _, who = rule.strip().partition(" ")
            if verdict not in ("allow", "deny") or not who.strip():
                raise ValueError
            if who.strip() != "all":
                ip_network(who.strip(), strict=False)
        return rules

    return Kind("texts", "an array of rules such as allow all, deny 10.0.0.0/8", read)


_TCP_OPTIONS = Struct(
    {
        "active_n": unused(integer(), 100),
        "backlog": Field(integer(1), 1024, "Connections that may wait to be accepted."),
        "send_timeout": unused(duration(), "15s"),
        "send_timeout_close": unused(boolean(), True),
        "recbuf": unused(size()),
        "sndbuf": unused(size()),
        "buffer": unused(size(), "4KB"),
        "high_watermark": unused(size(), "1MB"),
        "nodelay": unused(boolean(), True),
        "reuseaddr": unused(boolean(), True),
        "keepalive": unused(text(), "none"),
    },
    "Socket options.",
)

_TLS_OPTIONS: dict[str, Spec] = {
    "certfile": Field(text(), "", "The server's certificate chain, PEM."),
    "keyfile": Field(text(), "", "Its private key, PEM."),
    "cacertfile": Field(text(), "", "Certificates of the authorities that sign clients, PEM."),
    "password": Field(text(), "", "Password of the private key.", secret=True),
    "verify": Field(enum("verify_peer", "verify_none"), "verify_none", "Whether clients show a certificate."),
    "fail_if_no_peer_cert": Field(boolean(), False, "With verify_peer: refuse clients without one."),
    "versions": Field(
        texts("tlsv1.3", "tlsv1.2", "tlsv1.1", "tlsv1"), ["tlsv1.3", "tlsv1.2"], "Protocol versions spoken."
    ),
    "ciphers": unused(texts(), []),
    "depth": unused(integer(0), 10),
    "dhfile": unused(text()),
    "honor_cipher_order": unused(boolean(), True),
    "client_renegotiation": unused(boolean(), True),
    "secure_renegotiate": unused(boolean(), True),
    "reuse_sessions": unused(boolean(), True),
    "handshake_timeout": Field(duration(), "15s", "How long a handshake may take."),
    "hibernate_after": unused(duration(), "5s"),
    "log_level": unused(text(), "notice"),
}
_SSL_OPTIONS = Struct(
    {
        **_TLS_OPTIONS,
        "gc_after_handshake": unused(boolean(), False),
        "enable_crl_check": unused(boolean(), False),
        **ignored("ocsp cacerts user_lookup_fun"),
    },
    "TLS options.",
)
_WSS_OPTIONS = Struct({**_TLS_OPTIONS, **ignored("cacerts user_lookup_fun")}, "TLS options.")

_WEBSOCKET = Struct(
    {
        "mqtt_path": Field(text(), "/mqtt", "The HTTP path clients ask for."),
        "max_frame_size": Field(
            size("infinity"),
            "infinity",
            "Longest frame; infinity: twice mqtt.max_packet_size, a megabyte at least.",
        ),
        "mqtt_piggyback": unused(enum("single", "multiple"), "multiple"),
        "compress": unused(boolean(), False),
        "idle_timeout": Field(duration("infinity"), "7200s", "Silence after which a client is gone."),
        "allow_origin_absence": Field(boolean(), True, "With check_origin_enable: let clients without origin in."),
        "fail_if_no_subprotocol": Field(boolean(), True, "Refuse clients that offer no subprotocol."),
        "supported_subprotocols": Field(
            texts(), "mqtt, mqtt-v3, mqtt-v3.1.1, mqtt-v5", "Subprotocols, the best first."
        ),
        "check_origin_enable": Field(boolean(), False, "Whether the origin of pages is checked."),
        "check_origins": Field(
            texts(), "http://localhost:18083, http://127.0.0.1:18083", "Origins that are let in."
        ),
        "proxy_address_header": unused(text(), "x-forwarded-for"),
        "proxy_port_header": unused(text(), "x-forwarded-port"),
        "validate_utf8": unused(boolean(), True),
        **ignored("deflate_opts"),
    },
    "WebSocket options.",
)


def _listener(port: int, enable: bool | str, **options: Spec) -> MapOf:
    entries: dict[str, Spec] = {
        "enable": Field(boolean("auto"), enable, "Whether it listens; auto: once it has a certificate."),
        "bind": Field(address(), port, "Port or address:port; port 0 is any free one."),
        "acceptors": Field(integer(1, 1024), 16, "Connections accepted in one turn of the event loop."),
        "max_connections": Field(integer(1, None, "infinity"), "infinity", "Most connections at a time."),
        "mountpoint": Field(text(), "", "Prefix of every topic its clients use; ${clientid} and ${username} work."),
        "zone": Field(
            text(), "default", "Name of the zone of its clients; the settings are those of the root mqtt."
        ),
        "enable_authn": Field(boolean("quick_deny_anonymous"), True, "Whether its clients are authenticated."),
        "max_conn_rate": Field(rate(), None, "New connections a second; what comes above waits."),
        "messages_rate": Field(rate(), None, "Messages a second from each client, which is slowed down above."),
        "bytes_rate": Field(rate(), None, "Bytes a second from each client, which is slowed down above."),
        "access_rules": Field(_access_rules(), ["allow all"], "Who may connect; the first rule that fits decides."),
        "proxy_protocol": Field(boolean(), False, "Whether a proxy tells the client's address, in version 1 or 2."),
        "proxy_protocol_timeout": Field(duration(), "3s", "How long the proxy may take to tell it."),
        "tcp_options": _TCP_OPTIONS,
        **options,
        **ignored("limiter authentication"),
    }
    return MapOf(Struct(entries, aliases={"enabled": "enable"}), {"default": {}})


LISTENERS = Struct(
    {
        "tcp": _listener(1883, True),
        "ssl": _listener(8883, "auto", ssl_options=_SSL_OPTIONS),
        "ws": _listener(8083, True, websocket=_WEBSOCKET),
        "wss": _listener(8084, "auto", websocket=_WEBSOCKET, ssl_options=_WSS_OPTIONS),
        **ignored("quic"),
    },
    "MQTT listeners by type and name.",
)
