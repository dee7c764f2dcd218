"""MQTT 3.1 (protocol level 3), as far as its wire form differs from 3.1.1."""

from __future__ import annotations

import pytest

from conformance.wire import Server, raw_connect, utf8
from emqx_compat.mqtt import Puback, Pubcomp, Publish, Pubrec, Pubrel

CONNECT = raw_connect(3, 0x02, utf8("c"), name=b"MQIsdp")
RESUME = raw_connect(3, 0x00, utf8("c"), name=b"MQIsdp")
ACCEPTED = b"\x20\x02\x00\x00"


def test_the_protocol_is_called_mqisdp(server: Server) -> None:
    server.open(3).send(CONNECT).expect(ACCEPTED).expect_silence()
    server.open(3).send(raw_connect(3, 0x02, utf8("c"))).expect(b"\x20\x02\x00\x01").expect_close()
    server.open(4).send(raw_connect(4, 0x02, utf8("c"), name=b"MQIsdp")).expect(b"\x20\x02\x00\x01").expect_close()


def test_a_client_id_must_not_be_empty(server: Server) -> None:
    server.open(3).send(raw_connect(3, 0x02, utf8(""), name=b"MQIsdp")).expect(b"\x20\x02\x00\x02").expect_close()


def test_a_resumed_session_is_not_told_by_a_flag(server: Server) -> None:
    client = server.open(3).send(RESUME).expect(ACCEPTED).subscribe("t", 1)
    client.disconnect()
    server.connect(4).publish("t", b"kept", 1)
    server.open(3).send(RESUME).expect(ACCEPTED).expect_message("t", b"kept", 1)


@pytest.mark.parametrize("flags", [0xC2, 0x82])
def test_credentials_that_are_flagged_may_be_missing(server: Server, flags: int) -> None:
    server.open(3).send(raw_connect(3, flags, utf8("c"), name=b"MQIsdp")).expect(ACCEPTED)


def test_what_is_sent_again_may_have_dup(server: Server) -> None:
    client = server.open(3).send(CONNECT).expect(ACCEPTED)
    client.send(b"\x8a\x06\x00\x01\x00\x01t\x01").expect(b"\x90\x03\x00\x01\x01")
    client.send(Publish("u", b"", 2, packet_id=7)).expect(Pubrec(7)).send(b"\x6a\x02\x00\x07").expect(Pubcomp(7))
    client.send(b"\xaa\x05\x00\x02\x00\x01t").expect(b"\xb0\x02\x00\x02").expect_silence()


def test_messages_go_both_ways(server: Server) -> None:
    client = server.open(3).send(CONNECT).expect(ACCEPTED).subscribe("t", 2)
    server.connect(5).publish("t", b"x", 2, content_type="lost")
    client.expect(Publish("t", b"x", 2, packet_id=1)).send(Pubrec(1)).expect(Pubrel(1)).send(Pubcomp(1))
    client.send(Publish("u", b"", 1, packet_id=9)).expect(Puback(9)).expect_silence()
