"""The reason code table: against paho's, and in EMQX's words."""

import pytest
from paho.mqtt.reasoncodes import ReasonCode as PahoReasonCode

from emqx_compat.mqtt import PacketType, ReasonCode, connack_return_code, describe
from emqx_compat.mqtt.reason_codes import LEGAL_REASON_CODES, REASON_CODE_CLAUSES, REASON_CODES

PAHO = {code: {kind for kinds in names.values() for kind in kinds} for code, names in PahoReasonCode.names.items()}
PAHO[ReasonCode.PAYLOAD_FORMAT_INVALID].add(PacketType.CONNACK)  # [§3.2.2.2]; paho leaves it out


def test_every_reason_code_has_a_row() -> None:
    assert list(REASON_CODES) == list(ReasonCode)


def test_the_codes_are_those_of_paho() -> None:
    assert set(REASON_CODES) == set(PAHO)


@pytest.mark.parametrize("code", ReasonCode, ids=lambda code: code.name)
def test_a_code_is_legal_where_paho_has_it(code: ReasonCode) -> None:
    assert REASON_CODES[code].packets == PAHO[code]


def test_packets_with_reason_codes_have_a_clause_to_cite() -> None:
    assert {kind for kind, codes in LEGAL_REASON_CODES.items() if codes} == set(REASON_CODE_CLAUSES)


@pytest.mark.parametrize(
    ("reason", "return_code"),
    [
        (ReasonCode.SUCCESS, 0),
        (ReasonCode.UNSPECIFIED_ERROR, 1),
        (ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, 1),
        (ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, 2),
        (ReasonCode.SERVER_UNAVAILABLE, 3),
        (ReasonCode.SERVER_BUSY, 3),
        (ReasonCode.QUOTA_EXCEEDED, 3),
        (ReasonCode.SERVER_MOVED, 3),
        (ReasonCode.BAD_USER_NAME_OR_PASSWORD, 4),
        (ReasonCode.NOT_AUTHORIZED, 5),
        (ReasonCode.BANNED, 5),
        (ReasonCode.PACKET_TOO_LARGE, 3),
        (0xEE, 3),
    ],
)
def test_connack_return_codes_are_those_of_emqx(reason: int, return_code: int) -> None:
    assert connack_return_code(reason) == return_code


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (0x00, "success"),
        (0x02, "granted_qos2"),
        (0x86, "bad_username_or_password"),
        (0x87, "not_authorized"),
        (0x8D, "keepalive_timeout"),
        (0x8E, "session_taken_over"),
        (0x91, "packet_identifier_inuse"),
        (0x9D, "server_moved"),
        (0xA2, "wildcard_subscriptions_not_supported"),
        (0x03, "unknown_error"),
    ],
)
def test_codes_have_the_names_of_emqx(reason: int, name: str) -> None:
    assert describe(reason) == name
