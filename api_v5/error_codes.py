"""The catalogue of error codes: `/error_codes`."""

from __future__ import annotations

from starlette.responses import Response

from api_v5.dialect import listed, ok
from api_v5.fields import Enum
from api_v5.validation import parameter
from emqx_compat.http.call import Call
from emqx_compat.http.route import Route

CODES: dict[str, str] = {
    "BAD_USERNAME_OR_PWD": "Bad username or password",
    "BAD_API_KEY_OR_SECRET": "Bad API key or secret",
    "BAD_REQUEST": "Request parameters are invalid",
    "NOT_MATCH": "Conditions are not matched",
    "ALREADY_EXISTS": "Resource already existed",
    "BAD_CONFIG_SCHEMA": "Configuration data is invalid",
    "BAD_LISTENER_ID": "Bad listener ID",
    "BAD_NODE_NAME": "Bad Node Name",
    "BAD_RPC": "RPC Failed. Check the cluster status and the requested node status",
    "BAD_TOPIC": "Topic syntax error, Topic needs to comply with the MQTT protocol standard",
    "EXCEED_LIMIT": "Create resources that exceed the maximum limit or minimum limit",
    "INVALID_PARAMETER": "Request parameters is invalid and exceeds the boundary value",
    "CONFLICT": "Conflicting request resources",
    "NO_DEFAULT_VALUE": "Request parameters do not use default values",
    "DEPENDENCY_EXISTS": "Resource is dependent by another resource",
    "MESSAGE_ID_SCHEMA_ERROR": "Message ID parsing error",
    "INVALID_ID": "Bad ID schema",
    "MESSAGE_ID_NOT_FOUND": "Message ID does not exist",
    "NOT_FOUND": "Resource was not found or does not exist",
    "CLIENTID_NOT_FOUND": "Client ID was not found or does not exist",
    "CLIENT_NOT_FOUND": "Client was not found or does not exist(usually not a MQTT client)",
    "RESOURCE_NOT_FOUND": "Resource not found",
    "TOPIC_NOT_FOUND": "Topic not found",
    "USER_NOT_FOUND": "User not found",
    "INTERNAL_ERROR": "Server inter error",
    "SERVICE_UNAVAILABLE": "Service unavailable",
    "SOURCE_ERROR": "Source error",
    "UPDATE_FAILED": "Update failed",
    "REST_FAILED": "Reset source or config failed",
    "CLIENT_NOT_RESPONSE": "Client not responding",
}
"""What the API tells of itself; answers also carry codes that are not listed (`BAD_TOKEN`, `NODE_DOWN`, …)."""

CODE = Enum(*CODES)

# --- render


def render_code(code: str) -> dict[str, str]:
    """A row of the list."""
    return {"code": code, "description": CODES[code]}


# --- handlers


async def list_error_codes(_call: Call) -> Response:
    """All codes."""
    return await listed(tuple(CODES), render_code)


async def get_error_code(call: Call) -> Response:
    """One code."""
    return ok(render_code(parameter(call, "code", CODE)))


# --- routes

_EXAMPLE = {"code": "BAD_REQUEST", "description": "Request parameters are invalid"}

ROUTES = (
    Route(
        "GET",
        "/error_codes",
        "list_error_codes",
        list_error_codes,
        "List error codes",
        tag="Error Codes",
        public=True,
        example=[_EXAMPLE],
    ),
    Route(
        "GET",
        "/error_codes/{code}",
        "get_error_code",
        get_error_code,
        "Get an error code",
        tag="Error Codes",
        public=True,
        example=_EXAMPLE,
    ),
)
