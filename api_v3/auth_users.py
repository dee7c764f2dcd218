"""Credentials of MQTT clients: `/auth_clientid` and `/auth_username`, while their plugins are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields
from starlette.responses import Response

from api_v3.dialect import Arguments, arguments, ok
from api_v3.faults import CRASH
from emqx_compat.core.faults import F, Fault
from emqx_compat.core.mqtt_users import MqttUser, UserKind
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route, Wire

# --- schemas


class NewPasswordSchema(Schema):
    """The body of an update."""

    password = fields.String(required=True)


class ClientidSchema(NewPasswordSchema):
    """The body of `POST /auth_clientid`."""

    clientid = fields.String(required=True)


class UsernameSchema(NewPasswordSchema):
    """The body of `POST /auth_username`."""

    username = fields.String(required=True)


# --- parse


def parse_text(args: Arguments, name: str) -> str:
    """A field that must be there, be text and not be empty. Faults: PARAMETER_INVALID."""
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise Fault(F.PARAMETER_INVALID, name=name, value=value)
    return value


# --- render


def render_user(user: MqttUser) -> dict[str, Any]:
    """One entry: the hash of its password, without salt."""
    return {user.kind: user.name, "password": user.password}


# --- handlers


@dataclass(frozen=True, slots=True)
class Store:
    """The operations on one of the two stores."""

    kind: UserKind

    async def list(self, call: Call) -> Response:
        """All names."""
        return ok([user.name for user in await call.engine.mqtt_users.list(self.kind)])

    async def lookup(self, call: Call) -> Response:
        """One entry."""
        user = await call.engine.mqtt_users.get(self.kind, call.params[self.kind])
        if user is None:
            raise Fault(F.MQTT_USER_NOT_FOUND, name=call.params[self.kind])
        return ok(render_user(user))

    async def add(self, call: Call) -> Response:
        """A new entry."""
        args = arguments(call)
        name, password = parse_text(args, self.kind), parse_text(args, "password")
        await call.engine.mqtt_users.add(self.kind, name, password)
        return ok()

    async def update(self, call: Call) -> Response:
        """A new password."""
        password = parse_text(arguments(call), "password")
        await call.engine.mqtt_users.update(self.kind, call.params[self.kind], password)
        return ok()

    async def delete(self, call: Call) -> Response:
        """Remove an entry; an unknown one is no mistake."""
        await call.engine.mqtt_users.remove(self.kind, call.params[self.kind])
        return ok()


# --- routes


def operations(kind: UserKind, schema: type[Schema], exists: str, unknown: str) -> tuple[Route, ...]:
    """The five operations on a store, with the words that its plugin uses for an entry that is or is not there."""
    store, feature = Store(kind), f"auth_{kind}"
    path, one = f"/{feature}", f"/{feature}/{{{kind}:raw}}"
    faults: Mapping[F, Wire] = {
        F.PARAMETER_INVALID: Wire(message="{name}"),
        F.MQTT_USER_EXISTS: Wire(message=exists),
        F.MQTT_USER_NOT_FOUND: Wire(message=unknown),
    }
    listed = {"code": 0, "data": ["dev1"]}
    single = {"code": 0, "data": {kind: "dev1", "password": "71e48253a044f8b7"}}
    done = {"code": 0}
    return (
        Route(
            "GET",
            path,
            f"list_{kind}",
            store.list,
            _summary("List available", kind),
            example=listed,
            feature=feature,
        ),
        Route(
            "GET",
            one,
            f"lookup_{kind}",
            store.lookup,
            _summary("Lookup", kind),
            example=single,
            faults={F.MQTT_USER_NOT_FOUND: CRASH},
            feature=feature,
        ),
        Route(
            "POST",
            path,
            f"add_{kind}",
            store.add,
            _summary("Add", kind),
            body=schema,
            example=done,
            faults=faults,
            feature=feature,
        ),
        Route(
            "PUT",
            one,
            f"update_{kind}",
            store.update,
            _summary("Update", kind),
            body=NewPasswordSchema,
            example=done,
            faults=faults,
            feature=feature,
        ),
        Route(
            "DELETE", one, f"delete_{kind}", store.delete, _summary("Delete", kind), example=done, feature=feature
        ),
    )


def _summary(verb: str, kind: UserKind) -> str:
    return f"{verb} {kind} in the cluster"


ROUTES = (
    *operations("clientid", ClientidSchema, "exitsted", "noexitsted"),
    *operations("username", UsernameSchema, "existed", "noexisted"),
)
