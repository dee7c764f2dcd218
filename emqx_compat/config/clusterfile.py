"""`data/configs/cluster.hocon`: what an API changed at run time, readable, with the last ten states beside it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import cast

from emqx_compat.config.errors import ConfigError, Origin, Problem
from emqx_compat.config.hocon import parse_file
from emqx_compat.config.nodes import Json, Obj, plain
from emqx_compat.config.writer import dump

BACKUPS = 10

_HEADER = "# Changes made at run time. Written by the server; emqx.conf, environment and --set win over it.\n"
_BACKUP = re.compile(r"\.\d{4}(\.\d\d){5}\.\d{3}\.bak\Z")


class ClusterFile:
    """The file below a data folder. Backups are named as EMQX names them: `cluster.hocon.<local time>.bak`."""

    __slots__ = ("_now", "path")

    def __init__(self, data_dir: Path, now: Callable[[], datetime] = datetime.now) -> None:
        self.path = data_dir / "configs" / "cluster.hocon"
        self._now = now

    def read(self) -> Obj:
        """Its content; empty when there is none yet."""
        if not self.path.exists():
            return Obj({}, Origin(str(self.path)))
        return parse_file(self.path)

    def write(self, root: Obj) -> None:
        """Replace the file as one step, after keeping the old one. Raises ConfigError when the folder refuses."""
        text = _HEADER + dump(cast(dict[str, Json], plain(root)))
        temporary = self.path.with_name(self.path.name + ".tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            self._keep()
            temporary.replace(self.path)
        except OSError as error:
            raise ConfigError(Problem(f"cannot be written: {error}", Origin(str(self.path)))) from None

    def backups(self) -> list[Path]:
        """The states kept, newest first."""
        found = (path for path in self.path.parent.glob(self.path.name + ".*") if _BACKUP.search(path.name))
        return sorted(found, reverse=True)

    def _keep(self) -> None:
        if not self.path.exists():
            return
        now = self._now()
        stamp = f"{now:%Y.%m.%d.%H.%M.%S}.{now.microsecond // 1000:03}"
        backup = self.path.with_name(f"{self.path.name}.{stamp}.bak")
        # A copy, not a rename: the file itself never disappears, not even between two steps.
        shutil.copyfile(self.path, backup)
        for old in self.backups()[BACKUPS:]:
            old.unlink(missing_ok=True)
