"""§4.12 enhanced authentication and §3.15 AUTH."""

from __future__ import annotations

import pytest

from conformance.wire import PINGREQ, PINGRESP, Server, Wire, connect_packet, frame, utf8
from emqx_compat.core.clients import Client
from emqx_compat.core.hooks import CONTINUE, AuthExchange, AuthStep
from emqx_compat.mqtt import Auth, Connack, Connect, Disconnect, Publish, Will

METHOD = "RIDDLE"
DENIED = 0x87


def riddle(client: Client) -> AuthExchange:
    """A method in two steps: the client is asked until it says `open sesame`; `thief` is refused."""

    async def step(data: bytes | None) -> AuthStep:
        if data == b"open sesame":
            client.username = "Ali Baba"
            return AuthStep(data=b"welcome")
        if data == b"thief":
            return AuthStep(DENIED)
        if data == b"break":
            raise RuntimeError("the method is broken")
        return AuthStep(CONTINUE, b"the word?")

    return step


@pytest.fixture
def server(server: Server) -> Server:
    """A broker that knows one method."""
    server.hooks.enhanced_authenticate[METHOD] = riddle
    return server


def hello(data: bytes | None = None, method: str = METHOD, clientid: str = "c", **properties: int) -> Connect:
    """A CONNECT with a method."""
    properties_: dict[str, object] = {"authentication_method": method, **properties}
    if data is not None:
        properties_["authentication_data"] = data
    return connect_packet(5, clientid, properties=properties_)


def word(data: bytes, code: int = CONTINUE, method: str = METHOD) -> Auth:
    """An AUTH."""
    return Auth(code, {"authentication_method": method, "authentication_data": data})


QUESTION = word(b"the word?")


def admitted(server: Server, **fields: int) -> Wire:
    """A client that has given the word."""
    client = server.open(5).send(hello(b"open sesame", **fields))
    assert client.receive(Connack).reason_code == 0
    return client


# --- AUTH --------------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-3.15.1-1", "5.0")
@pytest.mark.parametrize("flags", [1, 2, 4, 8, 15])
def test_mqtt_3_15_1_1_reserved_flags(server: Server, flags: int) -> None:
    """An AUTH whose flags are not 0 is malformed: the connection is closed."""
    packet = frame(0xF0 | flags, b"\x19", bytes((9,)), b"\x15", utf8(METHOD))
    admitted(server).send(packet).expect_end(0x81)


@pytest.mark.statement("MQTT-3.15.1-1", "5.0")
def test_mqtt_3_15_1_1_reserved_flags_before_the_connack(server: Server) -> None:
    """In the middle of the first exchange the same is answered with a CONNACK."""
    client = server.open(5).send(hello()).expect(QUESTION)
    client.send(frame(0xF1, b"\x18", bytes((9,)), b"\x15", utf8(METHOD))).expect_refusal(0x81)


@pytest.mark.statement("MQTT-3.15.2-1", "5.0")
@pytest.mark.parametrize("code", [0x01, 0x04, 0x17, 0x1A, 0x80, 0x87])
def test_mqtt_3_15_2_1_only_authenticate_reason_codes(server: Server, code: int) -> None:
    """An AUTH with any other code than 0x00, 0x18 and 0x19 is a protocol error; the server sends 0x18 and 0x00."""
    client = admitted(server)
    client.send(word(b"", 0x19)).expect(Auth, reason_code=0x18)
    client.send(word(b"open sesame")).expect(Auth, reason_code=0x00)
    client.send(frame(0xF0, bytes((code,)), bytes((9,)), b"\x15", utf8(METHOD))).expect_end(0x82)


@pytest.mark.statement("MQTT-3.15.2-2", "5.0")
@pytest.mark.statement("MQTT-3.15.2-3", "5.0")
def test_mqtt_3_15_2_2_nothing_makes_an_auth_larger_than_the_client_takes(server: Server) -> None:
    """An AUTH has the method and its data, and neither reason string nor user property."""
    size = 4 + 3 + len(METHOD) + 3 + len(b"the word?")
    client = server.open(5).send(hello(maximum_packet_size=size))
    body = b"\x15" + utf8(METHOD) + b"\x16" + utf8(b"the word?")
    client.expect(frame(0xF0, b"\x18", bytes((len(body),)), body))


# --- the first exchange ------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.12.0-1", "5.0")
@pytest.mark.parametrize("method", ["SCRAM-SHA-1", "riddle", ""])
def test_mqtt_4_12_0_1_an_unknown_method(server: Server, method: str) -> None:
    """A method that the server does not know is refused with 0x8C."""
    server.open(5).send(hello(b"open sesame", method)).expect_refusal(0x8C)


@pytest.mark.statement("MQTT-4.12.0-2", "5.0")
def test_mqtt_4_12_0_2_the_server_asks_on_with_continue(server: Server) -> None:
    """While the method wants to know more the server sends AUTH with 0x18, before any CONNACK."""
    client = server.open(5).send(hello())
    for _ in range(3):
        client.expect(QUESTION).send(word(b"barley"))
    client.expect(QUESTION).send(word(b"open sesame")).expect(Connack, reason_code=0).expect_silence()


@pytest.mark.statement("MQTT-4.12.0-2", "5.0")
def test_mqtt_4_12_0_2_it_may_have_nothing_to_ask(server: Server) -> None:
    """A method that is content with the CONNECT asks nothing."""
    admitted(server).expect_silence()


@pytest.mark.statement("MQTT-4.12.0-2", "5.0")
def test_mqtt_4_12_0_2_what_is_asked_is_waited_for(server: Server) -> None:
    """A client that does not answer is closed after the idle timeout, without a word."""
    client = server.open(5).send(hello()).expect(QUESTION)
    server.advance(16)
    client.expect_close()


@pytest.mark.statement("MQTT-4.12.0-3", "5.0")
@pytest.mark.parametrize("code", [0x00, 0x19])
def test_mqtt_4_12_0_3_the_client_answers_with_continue(server: Server, code: int) -> None:
    """An AUTH with another code than 0x18 is no answer: the CONNECT is refused."""
    client = server.open(5).send(hello()).expect(QUESTION)
    client.send(word(b"open sesame", code)).expect_refusal(0x82)


@pytest.mark.statement("MQTT-3.1.2-30", "5.0")
@pytest.mark.statement("MQTT-4.12.0-3", "5.0")
@pytest.mark.parametrize("packet", [PINGREQ, Publish("t", b"x"), Publish("t", b"x", 1, packet_id=1)])
def test_mqtt_4_12_0_3_nothing_else_is_an_answer(server: Server, packet: Publish | bytes) -> None:
    """Any other packet before the CONNACK is a protocol error, and has no effect."""
    watcher = server.subscriber("#")
    server.open(5).send(hello()).expect(QUESTION).send(packet).expect_refusal(0x82)
    watcher.expect_silence()


@pytest.mark.statement("MQTT-4.12.0-3", "5.0")
def test_mqtt_4_12_0_3_the_client_may_leave(server: Server) -> None:
    """A client may say goodbye instead of answering."""
    server.open(5).send(hello()).expect(QUESTION).send(Disconnect()).expect_close()


@pytest.mark.statement("MQTT-4.12.0-4", "5.0")
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_mqtt_4_12_0_4_the_server_may_refuse_at_any_point(server: Server, steps: int) -> None:
    """A refusal is a CONNACK with the reason, and the end of the connection, at any step."""
    client = server.open(5).send(hello(b"thief" if not steps else b""))
    for step in range(steps):
        client.expect(QUESTION).send(word(b"thief" if step == steps - 1 else b""))
    client.expect_refusal(DENIED)


@pytest.mark.statement("MQTT-4.12.0-4", "5.0")
def test_mqtt_4_12_0_4_nothing_is_left_of_a_refused_client(server: Server) -> None:
    """Who is refused takes no session over, has no will and is not waited for."""
    old = server.connect(5, "c").subscribe("will")
    packet = hello()
    packet.will = Will("will", b"gone")
    server.open(5).send(packet).expect(QUESTION).send(word(b"thief")).expect_refusal(DENIED)
    old.expect_silence()


@pytest.mark.statement("MQTT-4.12.0-5", "5.0")
def test_mqtt_4_12_0_5_the_method_is_in_every_packet(server: Server) -> None:
    """Every AUTH and the successful CONNACK have the method of the CONNECT, and the data of the method."""
    client = server.open(5).send(hello()).expect(QUESTION).send(word(b"open sesame"))
    properties = client.receive(Connack).properties or {}
    assert properties["authentication_method"] == METHOD
    assert properties["authentication_data"] == b"welcome"
    assert server.run(server.broker.clients.get("c")).username == "Ali Baba"


@pytest.mark.statement("MQTT-4.12.0-5", "5.0")
def test_mqtt_4_12_0_5_it_does_not_change(server: Server) -> None:
    """An AUTH with another method than the CONNECT is a protocol error."""
    server.hooks.enhanced_authenticate["OTHER"] = riddle
    client = server.open(5).send(hello()).expect(QUESTION)
    client.send(word(b"open sesame", method="OTHER")).expect_refusal(0x82)


@pytest.mark.statement("MQTT-4.12.0-6", "5.0")
def test_mqtt_4_12_0_6_without_a_method_there_is_no_exchange(server: Server) -> None:
    """A client without a method gets neither AUTH nor a method in its CONNACK."""
    client = server.connect(5, username="Ali Baba", password=b"open sesame")
    assert not {"authentication_method", "authentication_data"} & (client.connack.properties or {}).keys()
    server.advance(3600)
    client.expect_silence()


@pytest.mark.statement("MQTT-4.12.0-7", "5.0")
@pytest.mark.parametrize("code", [0x00, 0x18, 0x19])
def test_mqtt_4_12_0_7_without_a_method_no_auth(server: Server, code: int) -> None:
    """An AUTH of a client that has not named a method is a protocol error."""
    server.connect(5).send(word(b"open sesame", code)).expect_end(0x82)


@pytest.mark.statement("MQTT-4.12.0-7", "5.0")
def test_mqtt_4_12_0_7_no_auth_before_mqtt_5(server: Server) -> None:
    """Before MQTT 5 there is no AUTH: the connection is closed."""
    server.connect(4).send(b"\xf0\x00").expect_close()


# --- once more ---------------------------------------------------------------------------------------------------


@pytest.mark.statement("MQTT-4.12.1-1", "5.0")
def test_mqtt_4_12_1_1_a_client_may_authenticate_again(server: Server) -> None:
    """An AUTH with 0x19 begins anew; meanwhile everything goes on, and success is an AUTH with 0x00."""
    client = admitted(server).subscribe("t")
    for _ in range(2):
        client.send(word(b"", 0x19)).expect(QUESTION)
        client.send(PINGREQ, Publish("t", b"x")).expect(PINGRESP, Publish("t", b"x"))
        client.send(word(b"open sesame")).expect(word(b"welcome", 0x00)).expect_silence()


@pytest.mark.statement("MQTT-4.12.1-1", "5.0")
@pytest.mark.parametrize(("code", "method"), [(0x19, "OTHER"), (0x18, METHOD), (0x00, METHOD)])
def test_mqtt_4_12_1_1_with_the_same_method(server: Server, code: int, method: str) -> None:
    """Another method, or another code than 0x19, is a protocol error."""
    server.hooks.enhanced_authenticate["OTHER"] = riddle
    admitted(server).send(word(b"", code, method)).expect_end(0x82)


@pytest.mark.statement("MQTT-4.12.1-2", "5.0")
@pytest.mark.parametrize("steps", [0, 1])
def test_mqtt_4_12_1_2_a_failure_ends_the_connection(server: Server, steps: int) -> None:
    """When that fails the client gets a DISCONNECT with the reason, and the connection is closed."""
    client = admitted(server)
    client.send(word(b"" if steps else b"thief", 0x19))
    if steps:
        client.expect(QUESTION).send(word(b"thief"))
    client.expect_end(DENIED)
