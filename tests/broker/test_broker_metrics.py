"""Counters and gauges: what moves them, and what does not."""

from __future__ import annotations

from broker.rig import Rig, connect_packet
from emqx_compat.core.bans import Ban
from emqx_compat.core.metrics import COUNTERS, GAUGES
from emqx_compat.mqtt import Pingreq

QUIET = {"sys_msg_interval": 0.0, "sys_heartbeat_interval": 0.0}


def moved(rig: Rig) -> dict[str, int]:
    """The counters that are not 0."""
    return {name: value for name, value in rig.broker.metrics.counters().items() if value}


async def test_every_name_is_there_from_the_start(rig: Rig) -> None:
    assert set(rig.broker.metrics.counters()) == set(COUNTERS)
    assert set(rig.broker.metrics.gauges()) == set(GAUGES)


async def test_a_connection_moves_its_counters(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.send(Pingreq())
    await client.receive()
    await client.disconnect()
    assert moved(rig) == {
        "bytes.received": 15 + 2 + 2,
        "bytes.sent": 4 + 2,
        "packets.received": 3,
        "packets.sent": 2,
        "packets.connect.received": 1,
        "packets.connack.sent": 1,
        "packets.pingreq.received": 1,
        "packets.pingresp.sent": 1,
        "packets.disconnect.received": 1,
        "client.connect": 1,
        "client.connack": 1,
        "client.connected": 1,
        "client.authenticate": 1,
        "client.auth.anonymous": 1,
        "auth.mqtt.anonymous": 1,
        "client.auth.success": 1,
        "client.auth.success.anonymous": 1,
        "client.disconnected": 1,
        "authentication.success": 1,
        "authentication.success.anonymous": 1,
        "session.created": 1,
        "session.terminated": 1,
    }


async def test_messages_are_counted_by_qos_in_both_directions(rig: Rig) -> None:
    subscriber, publisher = await rig.connect("s"), await rig.connect("p")
    await subscriber.subscribe("t", 2)
    for qos in (0, 1, 1, 2, 2, 2):
        await publisher.publish("t", b"", qos)
        await subscriber.message()
    await subscriber.silence()
    counters = moved(rig)
    for qos in (0, 1, 2):
        assert counters[f"messages.qos{qos}.received"] == counters[f"messages.qos{qos}.sent"] == qos + 1
    for name in ("messages.received", "messages.sent", "messages.publish", "messages.delivered"):
        assert counters[name] == 6, name
    assert counters["packets.publish.received"] == counters["packets.publish.sent"] == 6
    assert counters["messages.acked"] == 5
    assert counters["packets.puback.received"] == counters["packets.puback.sent"] == 2
    for kind in ("pubrec", "pubrel", "pubcomp"):
        assert counters[f"packets.{kind}.received"] == counters[f"packets.{kind}.sent"] == 3
    assert counters["packets.subscribe.received"] == counters["packets.suback.sent"] == 1
    row = await rig.row("s")
    assert row is not None
    mine = row.counters
    assert (mine.send_msg, mine.send_msg_qos0, mine.send_msg_qos1, mine.send_msg_qos2) == (6, 1, 2, 3)
    assert mine.send_pkt == 1 + 1 + 6 + 3 + 1  # CONNACK, SUBACK, PUBLISH, PUBREL, PINGRESP
    assert mine.recv_pkt == 1 + 1 + 2 + 6 + 1  # CONNECT, SUBSCRIBE, PUBACK, PUBREC + PUBCOMP, PINGREQ


async def test_a_publish_of_the_api_counts_as_a_message_but_not_as_a_packet(rig: Rig) -> None:
    await rig.publish("t", b"", 1)
    assert moved(rig) == {
        "messages.received": 1,
        "messages.qos1.received": 1,
        "messages.publish": 1,
        "messages.dropped": 1,
        "messages.dropped.no_subscribers": 1,
    }


async def test_sys_messages_are_not_counted_as_sent(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe("$SYS/brokers/+/uptime", 0)
    before = moved(rig)
    rig.manual.advance(30)
    message = await client.message()
    after = moved(rig)
    changed = {name for name in after if after[name] != before.get(name, 0)}
    assert message.topic == "$SYS/brokers/emqx@127.0.0.1/uptime"
    assert changed == {"bytes.sent", "messages.delivered"}


async def test_refused_connects_are_counted(rig: Rig) -> None:
    await rig.broker.bans.put(Ban("clientid", "bad"))
    await rig.refused(connect_packet("bad", 5), 5)
    counters = moved(rig)
    assert counters["client.connect"] == counters["client.connack"] == 1
    assert counters["packets.connack.sent"] == counters["packets.connack.error"] == 1
    assert "client.connected" not in counters and "packets.connack.auth_error" not in counters


async def test_authorization_is_counted_under_the_names_of_every_generation(rig: Rig) -> None:
    client = await rig.connect("c")
    await client.subscribe("t")
    await client.publish("u", b"", 1)
    for name in ("client.authorize", "client.check_acl", "authorization.allow", "client.acl.allow"):
        assert rig.counter(name) == 2, name


async def test_gauges_keep_their_high_water_marks(rig: Rig) -> None:
    held = await rig.connect("held", clean_start=False)
    await held.subscribe("a", 1)
    await held.subscribe("$share/g/a", 1)
    live = await rig.connect("live")
    await live.disconnect()
    await held.disconnect()
    gauges = rig.broker.metrics.gauges()
    assert gauges["connections"] == gauges["channels"] == gauges["sessions"] == gauges["cluster_sessions"] == (1, 2)
    assert gauges["live_connections"] == (0, 2)
    assert gauges["sessions.persistent"] == (1, 1)
    assert gauges["subscriptions"] == gauges["suboptions"] == gauges["subscribers"] == (2, 2)
    assert gauges["subscriptions.shared"] == (1, 1)
    assert gauges["topics"] == gauges["routes"] == (2, 2)


async def test_the_listener_counts_its_connections(rig: Rig) -> None:
    client = await rig.connect("c")
    (row,) = rig.listeners.rows()
    assert (row.id, row.current_connections, row.acceptors, row.running) == ("tcp:default", 1, 16, True)
    assert (row.port, row.bound_port) == (0, rig.port)
    await client.disconnect()
    assert rig.listeners.rows()[0].current_connections == 0
