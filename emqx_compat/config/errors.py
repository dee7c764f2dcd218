"""Where a configuration value comes from, and what is said when it is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Origin:
    """The place a value was written: a file with line and column (from 1), or a name such as `default`."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source

    def exact(self) -> str:
        """The place with its column, as editors understand it."""
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


DEFAULT = Origin("default")
RUNTIME = Origin("run time")


@dataclass(slots=True, frozen=True)
class Problem:
    """One fault: the configuration path (empty while still reading), the place, what stood there instead."""

    message: str
    origin: Origin
    path: str = ""
    found: str = ""
    expected: str = ""

    def __str__(self) -> str:
        where = f"{self.origin.exact()}: "
        at = f"{self.path}: " if self.path else ""
        details = [f"found {self.found}"] if self.found else []
        details += [f"expected {self.expected}"] if self.expected else []
        return where + at + self.message + (f" ({', '.join(details)})" if details else "")


class ConfigError(Exception):
    """The configuration cannot be used; `problems` holds every fault found, in reading order."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems

    @property
    def file(self) -> str:
        return self.problems[0].origin.source

    @property
    def line(self) -> int:
        return self.problems[0].origin.line

    @property
    def column(self) -> int:
        return self.problems[0].origin.column

    @property
    def found(self) -> str:
        return self.problems[0].found

    @property
    def expected(self) -> str:
        return self.problems[0].expected


@dataclass(slots=True, frozen=True)
class Notice:
    """Something accepted that the operator should know: an unknown key, one without effect, an old name."""

    path: str
    origin: Origin
    message: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.path}: {self.message}"
