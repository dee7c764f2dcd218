"""PINGREQ, PINGRESP, DISCONNECT, AUTH and packets of no type at all [§3.12 to §3.15]."""

from emqx_compat.mqtt import Auth, Disconnect, MalformedPacket, Pingreq, Pingresp, ProtocolViolation

from .vectors import Bad, Good, Unwritable

GOOD = [
    *(Good(f"PINGREQ in version {version}", version, "C0 00", Pingreq()) for version in (3, 4, 5)),
    *(Good(f"PINGRESP in version {version}", version, "D0 00", Pingresp()) for version in (3, 4, 5)),
    *(Good(f"DISCONNECT in version {version}", version, "E0 00", Disconnect()) for version in (3, 4, 5)),
    Good("5.0 DISCONNECT that spells its reason out", 5, "E0 01 00", Disconnect(), canonical=False),
    Good("5.0 DISCONNECT that spells all out", 5, "E0 02 00 00", Disconnect(), canonical=False),
    Good("5.0 DISCONNECT with a reason", 5, "E0 01 8E", Disconnect(0x8E)),
    Good(
        "5.0 DISCONNECT with properties",
        5,
        'E0 18 9D 16 11 00000001 1F "why" 1C "b" 26 "k" "v"',
        Disconnect(
            0x9D,
            {
                "session_expiry_interval": 1,
                "reason_string": "why",
                "server_reference": "b",
                "user_property": [("k", "v")],
            },
        ),
    ),
    Good("5.0 AUTH in short", 5, "F0 00", Auth()),
    Good(
        "5.0 AUTH",
        5,
        'F0 0B 18 09 15 "SCR" 16 ""',
        Auth(0x18, {"authentication_method": "SCR", "authentication_data": b""}),
    ),
]

BAD = [
    Bad("packet of type 0", 4, "00 00", MalformedPacket, "§2.1.2"),
    Bad("PINGREQ with flags", 4, "C1 00", MalformedPacket, "MQTT-2.1.3-1"),
    Bad("PINGREQ with a body", 4, "C0 01 00", MalformedPacket, "§2.1.4"),
    Bad("PINGRESP with a body", 5, "D0 01 00", MalformedPacket, "§2.1.4"),
    Bad("DISCONNECT with flags", 4, "E2 00", MalformedPacket, "MQTT-3.14.1-1"),
    Bad("DISCONNECT with reason before 5.0", 4, "E0 01 00", MalformedPacket, "§2.1.4"),
    Bad("5.0 DISCONNECT with reason of CONNACK", 5, "E0 01 8A", ProtocolViolation, "MQTT-3.14.2-1"),
    Bad("5.0 DISCONNECT with a foreign property", 5, "E0 05 00 03 21 0001", MalformedPacket, "§2.2.2.2"),
    Bad("AUTH before 5.0", 4, "F0 00", ProtocolViolation, "§3.15"),
    Bad("AUTH with flags", 5, "F1 00", MalformedPacket, "MQTT-3.15.1-1"),
    Bad("AUTH with reason of DISCONNECT", 5, "F0 01 04", ProtocolViolation, "MQTT-3.15.2-1"),
    Bad("AUTH without a method", 5, "F0 01 18", ProtocolViolation, "§3.15.2.2.2"),
    Bad("AUTH with data but no method", 5, 'F0 06 18 04 16 "x"', ProtocolViolation, "§3.1.2.11.10"),
    *(
        Bad(f"packet of type {kind} before any CONNECT", None, f"{kind:X}0 00", ProtocolViolation, "MQTT-3.1.0-1")
        for kind in (0, *range(2, 16))
    ),
]

UNWRITABLE = [
    Unwritable("AUTH before 5.0", 4, Auth(), ProtocolViolation, "§3.15"),
    Unwritable("AUTH without a method", 5, Auth(0x18), ProtocolViolation, "§3.15.2.2.2"),
    Unwritable("DISCONNECT with reason of CONNACK", 5, Disconnect(0x8A), ProtocolViolation, "MQTT-3.14.2-1"),
    Unwritable("foreign property", 5, Disconnect(0, {"topic_alias": 1}), MalformedPacket, "§2.2.2.2"),
]
