"""Root `authorization`: the rules in force at the start."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

from emqx_compat.access.acl_file import SHIPPED, AclFile
from emqx_compat.config import Configuration
from emqx_compat.config.errors import DEFAULT
from emqx_compat.server.errors import StartError

log = logging.getLogger("emqx_compat")


def acl_of(configuration: Configuration) -> AclFile:
    """The rules of all sources of type file, in order; those that EMQX ships where no sources are configured.

    Raises StartError when a file cannot be read.
    """
    if configuration.origin("authorization.sources") == DEFAULT:
        return AclFile(SHIPPED)
    texts = []
    for source in cast(list[Any], configuration.get("authorization.sources")):
        kind = source.get("type") if isinstance(source, dict) else None
        if kind != "file":
            log.warning("authorization_source_not_used, type: %s", kind)
        elif source.get("enable", True):
            texts.append(_text(source))
    try:
        return AclFile("\n".join(texts))
    except ValueError as error:
        raise StartError(f"authorization.sources: {error}") from error


def _text(source: dict[str, Any]) -> str:
    if "rules" in source:
        return str(source["rules"])
    try:
        return Path(str(source.get("path", ""))).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"authorization.sources: {error}") from error
