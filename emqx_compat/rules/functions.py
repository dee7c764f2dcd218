"""The functions of 3.x's rule SQL.

A function that is called with another number of arguments than it has, or under an unknown name, is not supported;
one that has no clause for a value fails.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence

from emqx_compat.core.terms import UNDEFINED, Atom
from emqx_compat.mqtt.topics import levels, matches
from emqx_compat.rules import values
from emqx_compat.rules.values import EvalError, bad_argument, because, is_integer, is_number, is_text, wrong_type

Data = Mapping[str, object]
Function = Callable[..., object]

_MAX_SHIFT = 100_000
_MAX_BITS = 4_000_000


def call(name: str, args: Sequence[object], data: Data) -> object:
    """The function's value; `data` are the columns, for those functions that look at them. Raises EvalError."""
    accessor = ACCESSORS.get((name, len(args)))
    if accessor is not None:
        return accessor(data, *args)
    function = FUNCTIONS.get((name, len(args)))
    if function is None:
        raise because("sql_function_not_supported", Atom(name))
    try:
        return function(*args)
    except EvalError:
        raise
    except (ArithmeticError, ValueError):
        raise EvalError(Atom("badarith")) from None
    except (TypeError, AttributeError):
        raise wrong_type() from None


def _numbers(operation: Callable[..., object]) -> Function:
    def function(*args: object) -> object:
        if not all(is_number(arg) for arg in args):
            raise wrong_type()
        return operation(*args)

    return function


def _floats(operation: Callable[..., float]) -> Function:
    def floats(*args: float) -> float:
        value = operation(*(float(arg) for arg in args))
        if not math.isfinite(value):
            raise ArithmeticError
        return value

    return _numbers(floats)


def _integers(operation: Callable[..., object]) -> Function:
    def function(*args: object) -> object:
        if not all(is_integer(arg) for arg in args):
            raise wrong_type()
        return operation(*args)

    return function


def _texts(operation: Callable[..., object]) -> Function:
    def function(*args: object) -> object:
        if not all(is_text(arg) for arg in args):
            raise wrong_type()
        return operation(*args)

    return function


# --- numbers


def _quotient(a: int, b: int) -> int:
    """Towards zero, as machines divide."""
    whole = abs(a) // abs(b)
    return whole if (a < 0) == (b < 0) else -whole


def _remainder(a: int, b: int) -> int:
    return a - b * _quotient(a, b)


def _times(a: float, b: float) -> float:
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > _MAX_BITS:
        raise ArithmeticError
    return a * b


def _round(value: float) -> int:
    """Halves away from zero."""
    return math.floor(abs(value) + 0.5) * (-1 if value < 0 else 1) if isinstance(value, float) else value


def _shift(value: int, by: int) -> int:
    if by > _MAX_SHIFT or value.bit_length() > _MAX_BITS:
        raise EvalError(Atom("system_limit"))
    return value << by if by >= 0 else value >> -by


# --- conversions


def _bool(value: object) -> bool:
    if value is True or value == "true" or (is_number(value) and value == 1):
        return True
    if value is False or value == "false" or (is_number(value) and value == 0):
        return False
    raise because("invalid_boolean", value)


def _int(value: object) -> int:
    if is_text(value):
        value = values.number(value)
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return math.floor(value)
    raise because("invalid_number", value)


def _float(value: object) -> float:
    if is_text(value):
        value = values.number(value)
    if is_number(value):
        return float(value)
    raise because("invalid_number", value)


def _map(value: object) -> dict[str, object]:
    found = values.from_json(value) if is_text(value) else value
    if isinstance(found, dict):
        return found
    if found == []:
        return {}
    raise because("invalid_map", value) if not isinstance(value, list) else bad_argument()


# --- texts and arrays


def _substr(text: object, start: object, length: object = None) -> str:
    if not is_text(text) or not is_integer(start) or not (length is None or is_integer(length)):
        raise wrong_type()
    if length is not None and length < 0:
        raise wrong_type()
    start = max(len(text) + start, 0) if start < 0 else start
    return text[start:] if length is None else text[start : start + length]


def _split(text: object, separator: object, where: object = "all") -> list[object]:
    if not is_text(text) or not is_text(separator) or where not in ("all", "leading", "trailing"):
        raise wrong_type()
    if not separator:
        parts = [text]
    elif where == "all":
        parts = text.split(separator)
    else:
        parts = text.split(separator, 1) if where == "leading" else text.rsplit(separator, 1)
    return [part for part in parts if part]


def _split_somewhere(text: object, separator: object, where: object) -> list[object]:
    if where == "all":
        raise wrong_type()
    return _split(text, separator, where)


def _nth(position: object, items: object) -> object:
    if not is_integer(position) or not isinstance(items, list) or not 1 <= position <= len(items):
        raise wrong_type()
    return items[position - 1]


def _path(key: object) -> list[str]:
    if not isinstance(key, str):
        raise bad_argument()
    return str(key).split(".")


def _map_get(key: object, within: object, otherwise: object = UNDEFINED) -> object:
    found = values.get_path(_path(key), within)
    return otherwise if found is UNDEFINED else found


def _map_put(key: object, value: object, within: object) -> dict[str, object]:
    target = dict(within) if isinstance(within, dict) else {}
    values.put_path(_path(key), value, target)
    return target


def _hash(name: str) -> Function:
    return _texts(lambda text: hashlib.new(name, _bytes(text), usedforsecurity=False).hexdigest())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _base64_decode(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "surrogateescape")
    except binascii.Error:
        raise bad_argument() from None


def _contains_topic_match(filters: object, topic: object, qos: object = None) -> bool:
    """Whether the first of the filters that the topic, taken as a filter, matches has that QoS."""
    if not isinstance(filters, list):
        raise wrong_type()
    for entry in filters:
        name = entry.get("topic") if isinstance(entry, dict) else None
        if is_text(name) and is_text(topic) and matches(name, topic):
            return qos is None or values.identical(entry.get("qos"), qos)
    return False


FUNCTIONS: Mapping[tuple[str, int], Function] = {
    ("+", 2): _numbers(lambda a, b: a + b),
    ("-", 2): _numbers(lambda a, b: a - b),
    ("*", 2): _numbers(_times),
    ("/", 2): _numbers(lambda a, b: a / b),
    ("div", 2): _integers(_quotient),
    ("mod", 2): _integers(_remainder),
    ("abs", 1): _integers(abs),
    ("ceil", 1): _numbers(math.ceil),
    ("floor", 1): _numbers(math.floor),
    ("round", 1): _numbers(_round),
    **{
        (name, 1): _floats(getattr(math, name))
        for name in (
            *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp"),
            *("log", "log10", "log2", "sin", "sinh", "sqrt", "tan", "tanh"),
        )
    },
    ("fmod", 2): _floats(math.fmod),
    ("power", 2): _floats(math.pow),
    ("bitnot", 1): _integers(lambda value: ~value),
    ("bitand", 2): _integers(lambda a, b: a & b),
    ("bitor", 2): _integers(lambda a, b: a | b),
    ("bitxor", 2): _integers(lambda a, b: a ^ b),
    ("bitsl", 2): _integers(_shift),
    ("bitsr", 2): _integers(lambda value, by: _shift(value, -by)),
    ("str", 1): values.text_of,
    ("str_utf8", 1): values.text_of,
    ("bool", 1): _bool,
    ("int", 1): _int,
    ("float", 1): _float,
    ("map", 1): _map,
    ("is_null", 1): lambda value: value is UNDEFINED,
    ("is_not_null", 1): lambda value: value is not UNDEFINED,
    ("lower", 1): _texts(str.lower),
    ("upper", 1): _texts(str.upper),
    ("trim", 1): _texts(str.strip),
    ("ltrim", 1): _texts(str.lstrip),
    ("rtrim", 1): _texts(str.rstrip),
    ("reverse", 1): _texts(lambda text: text[::-1]),
    ("strlen", 1): _texts(len),
    ("substr", 2): _substr,
    ("substr", 3): _substr,
    ("split", 2): _split,
    ("split", 3): _split_somewhere,
    ("nth", 2): _nth,
    ("map_get", 2): _map_get,
    ("map_get", 3): _map_get,
    ("map_put", 3): _map_put,
    ("md5", 1): _hash("md5"),
    ("sha", 1): _hash("sha1"),
    ("sha256", 1): _hash("sha256"),
    ("base64_encode", 1): _texts(lambda text: base64.b64encode(_bytes(text)).decode()),
    ("base64_decode", 1): _texts(_base64_decode),
    ("json_encode", 1): values.json_text,
    ("json_decode", 1): _texts(values.from_json),
    # The columns hold objects where this looks for pairs: it never finds anything (3.2.8).
    ("contains_topic", 2): lambda _filters, _topic: False,
    ("contains_topic_match", 2): _contains_topic_match,
    ("contains_topic_match", 3): _contains_topic_match,
}


def _column(name: str) -> Function:
    return lambda data: data.get(name, UNDEFINED)


def _topic_level(data: Data, position: object) -> object:
    topic = data.get("topic", UNDEFINED)
    if not is_integer(position):
        raise wrong_type()
    return UNDEFINED if not is_text(topic) else _nth(position, levels(topic))


def _unset(_data: Data, *_args: object) -> object:
    return UNDEFINED


def _stamped(data: Data) -> object:
    """It expects a time as the broker holds it, but the columns hold milliseconds (3.2.8)."""
    raise wrong_type()


ACCESSORS: Mapping[tuple[str, int], Function] = {
    ("msgid", 0): _column("id"),
    ("qos", 0): _column("qos"),
    ("topic", 0): _column("topic"),
    ("topic", 1): _topic_level,
    ("payload", 0): _column("payload"),
    ("timestamp", 0): _stamped,
    # What these look for is no longer there when rules run (3.2.8).
    ("clientid", 0): _unset,
    ("clientip", 0): _unset,
    ("peername", 0): _unset,
    ("username", 0): _unset,
    ("flag", 1): _unset,
    ("header", 1): _unset,
    ("flags", 0): lambda _data: {},
    ("headers", 0): lambda _data: {},
}

NAMES = frozenset(name for name, _ in (*FUNCTIONS, *ACCESSORS))
"""Every function by its name."""
