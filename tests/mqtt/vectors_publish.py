"""PUBLISH and its acknowledgements [§3.3 to §3.7]."""

from emqx_compat.mqtt import (
    InvalidTopicName,
    MalformedPacket,
    ProtocolViolation,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
)

from .vectors import Bad, Good, Unwritable

GOOD = [
    *(
        Good(f"PUBLISH QoS 0 in version {version}", version, '30 05 "a/b"', Publish("a/b", b""))
        for version in (3, 4)
    ),
    Good("PUBLISH QoS 0 with payload", 4, '30 0A "a/b" <hello>', Publish("a/b", b"hello")),
    Good("PUBLISH retained", 4, '31 04 "t" <x>', Publish("t", b"x", retain=True)),
    Good("PUBLISH QoS 1", 4, '32 06 "t" 0007 <x>', Publish("t", b"x", 1, packet_id=7)),
    Good("PUBLISH QoS 1 again", 4, '3A 06 "t" 0007 <x>', Publish("t", b"x", 1, dup=True, packet_id=7)),
    Good("PUBLISH QoS 2, all flags", 4, '3D 06 "t" FFFF <x>', Publish("t", b"x", 2, True, True, 65535)),
    Good("PUBLISH whose topic has a byte order mark", 4, "30 06 0004 EFBBBF 74", Publish("\ufefft", b"")),
    Good("PUBLISH whose topic is not ASCII", 4, '30 08 "täß/"', Publish("täß/", b"")),
    Good("PUBLISH of 127 bytes", 4, f'30 7F "t" {"00" * 124}', Publish("t", bytes(124))),
    Good("PUBLISH of 128 bytes", 4, f'30 8001 "t" {"00" * 125}', Publish("t", bytes(125))),
    Good("PUBLISH of 16384 bytes", 4, f'30 808001 "t" {"00" * 16381}', Publish("t", bytes(16381))),
    Good(
        "PUBLISH whose length is longer than it need be",
        4,
        '30 84808000 "t" <x>',
        Publish("t", b"x"),
        canonical=False,
    ),
    Good("5.0 PUBLISH", 5, '30 04 "t" 00', Publish("t", b"")),
    Good("5.0 PUBLISH QoS 1", 5, '32 07 "t" 0001 00 <x>', Publish("t", b"x", 1, packet_id=1)),
    Good(
        "5.0 PUBLISH whose property length is longer than it need be",
        5,
        '30 06 "t" 8000 <x>',
        Publish("t", b"x"),
        canonical=False,
    ),
    Good(
        "5.0 PUBLISH by alias",
        5,
        '30 07 "" 03 23 0001 <x>',
        Publish("", b"x", properties={"topic_alias": 1}),
    ),
    Good(
        "5.0 PUBLISH with properties",
        5,
        '34 38 "t" 0001 2F 01 00 02 FFFFFFFF 23 000A 08 "re" 09 0002 00FF 26 "k" "" 26 "k" "v" 0B 01 0B FFFFFF7F'
        ' 03 "ct/1" <hi!>',
        Publish(
            "t",
            b"hi!",
            2,
            packet_id=1,
            properties={
                "payload_format_indicator": 0,
                "message_expiry_interval": 0xFFFFFFFF,
                "topic_alias": 10,
                "response_topic": "re",
                "correlation_data": b"\0\xff",
                "user_property": [("k", ""), ("k", "v")],
                "subscription_identifier": [1, 268_435_455],
                "content_type": "ct/1",
            },
        ),
    ),
]

_ACKS = (("4", Puback, "0"), ("5", Pubrec, "0"), ("6", Pubrel, "2"), ("7", Pubcomp, "0"))
for digit, kind, flags in _ACKS:
    first = digit + flags
    failure = 0x92 if kind in (Pubrel, Pubcomp) else 0x97
    GOOD += [
        *(Good(f"{kind.__name__} in version {v}", v, f"{first} 02 1234", kind(0x1234)) for v in (3, 4, 5)),
        Good(f"{kind.__name__} with a reason", 5, f"{first} 03 0001 {failure:02X}", kind(1, failure)),
        Good(f"{kind.__name__} that spells success out", 5, f"{first} 03 0001 00", kind(1), canonical=False),
        Good(f"{kind.__name__} that spells all out", 5, f"{first} 04 0001 00 00", kind(1), canonical=False),
        Good(
            f"{kind.__name__} with properties",
            5,
            f'{first} 11 0001 00 0D 1F "why" 26 "k" "v"',
            kind(1, 0, {"reason_string": "why", "user_property": [("k", "v")]}),
        ),
    ]
GOOD.append(Good("3.1 PUBREL sent again", 3, "6A 02 0001", Pubrel(1), canonical=False))

BAD = [
    Bad("PUBLISH QoS 3", 4, '36 06 "t" 0001 <x>', MalformedPacket, "MQTT-3.3.1-4"),
    Bad("PUBLISH QoS 0 with DUP", 4, '38 04 "t" <x>', MalformedPacket, "MQTT-3.3.1-2"),
    Bad("PUBLISH of nothing", 4, "30 00", MalformedPacket, "§3.3.2.1"),
    Bad("PUBLISH of half a length", 4, "30 01 00", MalformedPacket, "§3.3.2.1"),
    Bad("PUBLISH whose topic is cut", 4, "30 04 0003 6162", MalformedPacket, "§3.3.2"),
    Bad("PUBLISH without its identifier", 4, '32 03 "t"', MalformedPacket, "§3.3.2"),
    Bad("PUBLISH with half its identifier", 4, '32 04 "t" 00', MalformedPacket, "§3.3.2"),
    Bad("PUBLISH with identifier 0", 4, '32 05 "t" 0000', ProtocolViolation, "MQTT-2.2.1-3"),
    Bad("PUBLISH to a multi-level wildcard", 4, '30 05 "a/#"', InvalidTopicName, "MQTT-3.3.2-2"),
    Bad("PUBLISH to a single-level wildcard", 5, '30 06 "+/a" 00', InvalidTopicName, "MQTT-3.3.2-2"),
    Bad("PUBLISH without a topic", 4, '30 02 ""', InvalidTopicName, "MQTT-4.7.3-1"),
    Bad("PUBLISH to U+0000", 4, "30 03 0001 00", MalformedPacket, "MQTT-1.5.4-2"),
    Bad("PUBLISH to what is not UTF-8", 4, "30 03 0001 FF", MalformedPacket, "MQTT-1.5.4-1"),
    Bad("PUBLISH to a surrogate", 4, "30 05 0003 EDBFBF", MalformedPacket, "MQTT-1.5.4-1"),
    Bad("PUBLISH whose length has five bytes", 4, "30 8080808001", MalformedPacket, "§1.5.5"),
    Bad("PUBLISH whose length never ends", 4, "30 FFFFFFFF", MalformedPacket, "§1.5.5"),
    Bad("5.0 PUBLISH without properties", 5, '30 03 "t"', MalformedPacket, "§1.5.5"),
    Bad("5.0 PUBLISH whose properties are cut", 5, '30 05 "t" 02 01', MalformedPacket, "§2.2.2.1"),
    Bad("5.0 PUBLISH without topic and alias", 5, '30 03 "" 00', ProtocolViolation, "§3.3.2.1"),
    Bad("5.0 PUBLISH without topic, with other properties", 5, '30 05 "" 02 01 00', ProtocolViolation, "§3.3.2.1"),
    Bad("5.0 PUBLISH with alias 0", 5, '30 07 "t" 03 23 0000', ProtocolViolation, "MQTT-3.3.2-8"),
    Bad("5.0 PUBLISH with a wildcard response topic", 5, '30 08 "t" 04 08 "#"', ProtocolViolation, "MQTT-3.3.2-14"),
    Bad("PUBREL without its flags", 4, "60 02 0001", MalformedPacket, "MQTT-3.6.1-1"),
    Bad("PUBREL without its flags in 5.0", 5, "60 02 0001", MalformedPacket, "MQTT-3.6.1-1"),
    Bad("PUBREL with reason of PUBACK", 5, "62 03 0001 10", ProtocolViolation, "MQTT-3.6.2-1"),
    Bad("PUBCOMP with reason of PUBACK", 5, "70 03 0001 10", ProtocolViolation, "MQTT-3.7.2-1"),
    Bad("PUBACK with reason of PUBREL", 5, "40 03 0001 92", ProtocolViolation, "MQTT-3.4.2-1"),
    Bad("PUBREC with an unknown reason", 5, "50 03 0001 FF", ProtocolViolation, "MQTT-3.5.2-1"),
]
for digit, kind, flags in _ACKS:
    first = digit + flags
    name = kind.__name__
    BAD += [
        Bad(
            f"{name} with flags",
            4,
            f"{digit}1 02 0001",
            MalformedPacket,
            "MQTT-3.6.1-1" if kind is Pubrel else "MQTT-2.1.3-1",
        ),
        Bad(f"{name} of nothing", 4, f"{first} 00", MalformedPacket, "§1.5.2"),
        Bad(f"{name} of half an identifier", 5, f"{first} 01 00", MalformedPacket, "§1.5.2"),
        Bad(f"{name} with identifier 0", 4, f"{first} 02 0000", ProtocolViolation, "MQTT-2.2.1-3"),
        Bad(f"{name} with identifier 0 and reason", 5, f"{first} 03 0000 00", ProtocolViolation, "MQTT-2.2.1-3"),
        Bad(f"{name} with reason before 5.0", 4, f"{first} 03 0001 00", MalformedPacket, "§2.1.4"),
        Bad(f"{name} with more than it says", 5, f"{first} 05 0001 00 00 00", MalformedPacket, "§2.1.4"),
        Bad(f"{name} with a foreign property", 5, f"{first} 06 0001 00 02 01 00", MalformedPacket, "§2.2.2.2"),
    ]

UNWRITABLE = [
    Unwritable("QoS 3", 4, Publish("t", b"", 3, packet_id=1), MalformedPacket, "MQTT-3.3.1-4"),
    Unwritable("QoS 4", 4, Publish("t", b"", 4, packet_id=1), MalformedPacket, "MQTT-3.3.1-4"),
    Unwritable("negative QoS", 4, Publish("t", b"", -1), MalformedPacket, "MQTT-3.3.1-4"),
    Unwritable("DUP with QoS 0", 4, Publish("t", b"", dup=True), MalformedPacket, "MQTT-3.3.1-2"),
    Unwritable("QoS 1 without identifier", 4, Publish("t", b"", 1), ProtocolViolation, "MQTT-2.2.1-3"),
    Unwritable("identifier too large", 4, Publish("t", b"", 1, packet_id=65536), MalformedPacket, "§1.5"),
    Unwritable("no topic", 4, Publish("", b""), InvalidTopicName, "MQTT-4.7.3-1"),
    Unwritable(
        "alias before 5.0", 4, Publish("", b"", properties={"topic_alias": 1}), InvalidTopicName, "MQTT-4.7.3-1"
    ),
    Unwritable("no topic and no alias", 5, Publish("", b""), InvalidTopicName, "MQTT-4.7.3-1"),
    Unwritable("alias 0", 5, Publish("t", b"", properties={"topic_alias": 0}), ProtocolViolation, "MQTT-3.3.2-8"),
    Unwritable("topic too long", 4, Publish("t" * 65536, b""), InvalidTopicName, "MQTT-4.7.3-3"),
    Unwritable("surrogate in the topic", 4, Publish("\ud800", b""), InvalidTopicName, "MQTT-1.5.4-1"),
    Unwritable("wildcard in the topic", 4, Publish("a/+", b""), InvalidTopicName, "MQTT-3.3.2-2"),
    Unwritable("ack without identifier", 4, Puback(0), ProtocolViolation, "MQTT-2.2.1-3"),
    Unwritable("reason of PUBREL in PUBACK", 5, Puback(1, 0x92), ProtocolViolation, "MQTT-3.4.2-1"),
]
