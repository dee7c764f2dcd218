"""SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK [§3.8 to §3.11]."""

from emqx_compat.mqtt import (
    InvalidTopicFilter,
    MalformedPacket,
    ProtocolViolation,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from emqx_compat.mqtt import SubscriptionRequest as Request

from .vectors import Bad, Good, Unwritable

GOOD = [
    *(
        Good(f"SUBSCRIBE in version {version}", version, '82 06 0001 "t" 01', Subscribe(1, [Request("t", 1)]))
        for version in (3, 4)
    ),
    Good(
        "SUBSCRIBE to several",
        4,
        '82 10 000A "a/+" 00 "#" 01 "x" 02',
        Subscribe(10, [Request("a/+", 0), Request("#", 1), Request("x", 2)]),
    ),
    Good(
        "SUBSCRIBE to a share, also before 5.0",
        4,
        '82 0F 0001 "$share/g/t" 01',
        Subscribe(1, [Request("$share/g/t", 1)]),
    ),
    Good(
        "3.1 SUBSCRIBE sent again, with unused option bits",
        3,
        '8A 06 0001 "t" FD',
        Subscribe(1, [Request("t", 1)]),
        canonical=False,
    ),
    Good("5.0 SUBSCRIBE", 5, '82 07 0001 00 "t" 01', Subscribe(1, [Request("t", 1)])),
    Good(
        "5.0 SUBSCRIBE with options",
        5,
        '82 16 0001 00 "a" 2E "b" 10 "$queue/c" 08',
        Subscribe(
            1,
            [Request("a", 2, True, True, 2), Request("b", 0, False, False, 1), Request("$queue/c", 0, False, True)],
        ),
    ),
    Good(
        "5.0 SUBSCRIBE with properties",
        5,
        '82 11 0001 0A 0B 8001 26 "k" "v" "t" 00',
        Subscribe(1, [Request("t")], {"subscription_identifier": [128], "user_property": [("k", "v")]}),
    ),
    *(Good(f"SUBACK in version {v}", v, "90 06 0001 00 01 02 80", Suback(1, [0, 1, 2, 0x80])) for v in (3, 4)),
    Good("5.0 SUBACK", 5, "90 06 0001 00 02 8F A2", Suback(1, [2, 0x8F, 0xA2])),
    Good(
        "5.0 SUBACK with properties",
        5,
        '90 0A 0001 06 1F "why" 00',
        Suback(1, [0], {"reason_string": "why"}),
    ),
    *(Good(f"UNSUBSCRIBE in version {v}", v, 'A2 08 0001 "a" "#"', Unsubscribe(1, ["a", "#"])) for v in (3, 4)),
    Good("5.0 UNSUBSCRIBE", 5, 'A2 06 0001 00 "a"', Unsubscribe(1, ["a"])),
    Good(
        "5.0 UNSUBSCRIBE with properties",
        5,
        'A2 0D 0001 07 26 "k" "v" "a"',
        Unsubscribe(1, ["a"], {"user_property": [("k", "v")]}),
    ),
    *(Good(f"UNSUBACK in version {v}", v, "B0 02 0001", Unsuback(1)) for v in (3, 4)),
    Good("5.0 UNSUBACK", 5, "B0 05 0001 00 00 11", Unsuback(1, [0, 0x11])),
]

BAD = [
    Bad("SUBSCRIBE without its flags", 4, '80 06 0001 "t" 01', MalformedPacket, "MQTT-3.8.1-1"),
    Bad("SUBSCRIBE to nothing", 4, "82 02 0001", ProtocolViolation, "MQTT-3.8.3-2"),
    Bad("5.0 SUBSCRIBE to nothing", 5, "82 03 0001 00", ProtocolViolation, "MQTT-3.8.3-2"),
    Bad("SUBSCRIBE with identifier 0", 4, '82 06 0000 "t" 01', ProtocolViolation, "MQTT-2.2.1-3"),
    Bad("SUBSCRIBE without a QoS", 4, '82 05 0001 "t"', MalformedPacket, "§1.5.1"),
    Bad("SUBSCRIBE with QoS 3", 4, '82 06 0001 "t" 03', ProtocolViolation, "§3.8.3.1"),
    Bad("3.1 SUBSCRIBE with QoS 3", 3, '82 06 0001 "t" 03', ProtocolViolation, "§3.8.3.1"),
    Bad("SUBSCRIBE with options before 5.0", 4, '82 06 0001 "t" 04', MalformedPacket, "MQTT-3.8.3-5"),
    Bad("5.0 SUBSCRIBE with reserved options", 5, '82 07 0001 00 "t" 40', MalformedPacket, "MQTT-3.8.3-5"),
    Bad("5.0 SUBSCRIBE with retain handling 3", 5, '82 07 0001 00 "t" 30', ProtocolViolation, "§3.8.3.1"),
    Bad(
        "5.0 SUBSCRIBE, no local in a share", 5, '82 10 0001 00 "$share/g/t" 04', ProtocolViolation, "MQTT-3.8.3-4"
    ),
    Bad(
        "5.0 SUBSCRIBE, no local in the queue", 5, '82 0E 0001 00 "$queue/t" 04', ProtocolViolation, "MQTT-3.8.3-4"
    ),
    Bad("5.0 SUBSCRIBE with identifier 0", 5, '82 09 0001 02 0B 00 "t" 00', ProtocolViolation, "§3.8.2.1.2"),
    Bad("5.0 SUBSCRIBE with two identifiers", 5, '82 0B 0001 04 0B 01 0B 02 "t" 00', ProtocolViolation, "§2.2.2.2"),
    Bad("SUBSCRIBE to an empty filter", 4, '82 05 0001 "" 00', InvalidTopicFilter, "MQTT-4.7.3-1"),
    Bad("SUBSCRIBE to a '#' in the middle", 4, '82 08 0001 "#/a" 00', InvalidTopicFilter, "MQTT-4.7.1-1"),
    Bad("SUBSCRIBE to a '+' in a level", 4, '82 07 0001 "a+" 00', InvalidTopicFilter, "MQTT-4.7.1-2"),
    Bad("SUBSCRIBE to a share without a filter", 4, '82 0D 0001 "$share/g" 00', InvalidTopicFilter, "MQTT-4.8.2-2"),
    Bad("SUBACK of nothing", 4, "90 02 0001", ProtocolViolation, "MQTT-3.9.3-1"),
    Bad("SUBACK with a 5.0 reason", 4, "90 03 0001 8F", ProtocolViolation, "MQTT-3.9.3-2"),
    Bad("5.0 SUBACK with reason of UNSUBACK", 5, "90 04 0001 00 11", ProtocolViolation, "MQTT-3.9.3-2"),
    Bad("SUBACK with flags", 4, "92 03 0001 00", MalformedPacket, "MQTT-2.1.3-1"),
    Bad("UNSUBSCRIBE without its flags", 5, 'A0 06 0001 00 "a"', MalformedPacket, "MQTT-3.10.1-1"),
    Bad("UNSUBSCRIBE from nothing", 4, "A2 02 0001", ProtocolViolation, "MQTT-3.10.3-2"),
    Bad("UNSUBSCRIBE from an empty filter", 4, 'A2 04 0001 ""', InvalidTopicFilter, "MQTT-4.7.3-1"),
    Bad("UNSUBSCRIBE that is cut", 4, "A2 05 0001 0002 61", MalformedPacket, "§1.5.4"),
    Bad("UNSUBACK with reasons before 5.0", 4, "B0 03 0001 00", MalformedPacket, "§2.1.4"),
    Bad("5.0 UNSUBACK of nothing", 5, "B0 03 0001 00", ProtocolViolation, "MQTT-3.11.3-1"),
    Bad("5.0 UNSUBACK with reason of SUBACK", 5, "B0 04 0001 00 01", ProtocolViolation, "MQTT-3.11.3-2"),
]

UNWRITABLE = [
    Unwritable("SUBSCRIBE to nothing", 4, Subscribe(1, []), ProtocolViolation, "MQTT-3.8.3-2"),
    Unwritable("SUBSCRIBE with QoS 3", 4, Subscribe(1, [Request("t", 3)]), ProtocolViolation, "§3.8.3.1"),
    Unwritable(
        "retain handling 3", 5, Subscribe(1, [Request("t", retain_handling=3)]), ProtocolViolation, "§3.8.3.1"
    ),
    Unwritable(
        "no local in a share", 5, Subscribe(1, [Request("$share/g/t", 0, True)]), ProtocolViolation, "MQTT-3.8.3-4"
    ),
    Unwritable("bad filter", 4, Subscribe(1, [Request("a#")]), InvalidTopicFilter, "MQTT-4.7.1-1"),
    Unwritable(
        "two subscription identifiers",
        5,
        Subscribe(1, [Request("t")], {"subscription_identifier": [1, 2]}),
        ProtocolViolation,
        "§2.2.2.2",
    ),
    Unwritable("SUBACK of nothing", 5, Suback(1, []), ProtocolViolation, "MQTT-3.9.3-1"),
    Unwritable("SUBACK with no such reason", 5, Suback(1, [0x11]), ProtocolViolation, "MQTT-3.9.3-2"),
    Unwritable("UNSUBSCRIBE from nothing", 4, Unsubscribe(1, []), ProtocolViolation, "MQTT-3.10.3-2"),
    Unwritable("UNSUBSCRIBE from a bad filter", 4, Unsubscribe(1, [""]), InvalidTopicFilter, "MQTT-4.7.3-1"),
    Unwritable("5.0 UNSUBACK of nothing", 5, Unsuback(1), ProtocolViolation, "MQTT-3.11.3-1"),
]
