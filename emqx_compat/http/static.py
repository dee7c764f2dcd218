"""Files of a dashboard build that the user supplies, beside the API on the dashboard port.

Only regular files below the folder are served: no path leads out of it, neither by `..` or a slash, escaped or not,
nor by a symbolic link; what begins with a dot is left out.
"""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from emqx_compat.http.call import raw_path

INDEX = "index.html"

_TYPES = mimetypes.MimeTypes()  # Python's own table, whatever the machine's files say
for _suffix, _type in {
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".eot": "application/vnd.ms-fontobject",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}.items():
    _TYPES.add_type(_type, _suffix)


class StaticSite:
    """The files below a folder, by raw paths: `/` and `/docs/` are their `index.html`."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError when there is no such folder."""
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder")
        self._root = folder.resolve()
        self._files = StaticFiles(directory=self._root)

    def has(self, scope: Scope) -> bool:
        """Whether a request is answered here; everything else is as if there were no folder."""
        return scope["method"] in ("GET", "HEAD") and self.find(raw_path(scope)) is not None

    def find(self, raw: str) -> Path | None:
        """The file of a raw path."""
        path = unquote(raw, errors="surrogateescape").removeprefix("/")
        if not path or path.endswith("/"):
            path += INDEX
        segments = path.split("/")
        if any(not segment or segment.startswith(".") or _odd(segment) for segment in segments):
            return None
        try:
            file = self._root.joinpath(*segments).resolve()
            return file if file.is_relative_to(self._root) and file.is_file() else None
        except (OSError, ValueError):  # names too long, circular links, what the file system cannot spell
            return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that `has` has said yes to; 404 when the file has gone since."""
        file = self.find(raw_path(scope))
        response = Response(status_code=404) if file is None else self._response(file, scope)
        await response(scope, receive, send)

    def _response(self, file: Path, scope: Scope) -> Response:
        kind, encoding = _TYPES.guess_type(file.name)
        media_type = "application/octet-stream" if kind is None or encoding else kind
        try:
            response = FileResponse(
                file,
                headers={"X-Content-Type-Options": "nosniff"},
                media_type=media_type,
                stat_result=file.stat(),
            )
        except OSError:
            return Response(status_code=404)
        if self._files.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


def _odd(segment: str) -> bool:
    """What no file of a build is called, but other systems take as a way out."""
    return "\0" in segment or "\\" in segment or (os.name == "nt" and ":" in segment)
