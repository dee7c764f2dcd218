"""The import rules of docs/architecture.md: arrows run downward only, no circle, spokes know no spoke."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Room → rooms it may import. A room is a package below emqx_compat, a top module of it, or a spoke.
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "mqtt": set(),
    "store": {"core"},
    "config": {"core"},
    "access": {"core", "store"},
    "http": {"core"},
    "broker": {"core", "mqtt", "store"},
    "features": {"core", "mqtt", "store"},
    "rules": {"core", "mqtt", "store"},
    "transports": {"core", "mqtt", "broker"},
    "node": {"core", "transports", "broker"},
    "_version": set(),
}
EVERYTHING = {"server", "cli", "testing", "__main__"}
SPOKES = {"api_v2", "api_v3", "api_v4", "api_v5"}
SPOKE_MAY_IMPORT = {"core", "http"}
LIBRARIES: dict[str, set[str]] = {"core": set(), "mqtt": set(), "store": set(), "config": set()}
"""Rooms that live on the standard library alone."""
SANS_IO = {"core": {"clock.py", "respond.py"}, "mqtt": set()}
"""Rooms that import no asyncio, but for the files named."""


def files() -> list[Path]:
    packages = [ROOT / "emqx_compat", *(ROOT / spoke for spoke in SPOKES)]
    return sorted(path for package in packages if package.exists() for path in package.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] in SPOKES:
        return parts[0]
    return parts[1].removesuffix(".py") if len(parts) > 1 else "emqx_compat"


def room_of_module(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] in SPOKES:
        return parts[0]
    if parts[0] == "emqx_compat":
        return parts[1] if len(parts) > 1 else None
    return None


def imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append(node.module or "")
            found += [f"{node.module}.{alias.name}" for alias in node.names if node.module == "emqx_compat"]
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = room_of(path)
    if room in EVERYTHING or room == "__init__":
        return
    allowed = SPOKE_MAY_IMPORT if room in SPOKES else MAY_IMPORT[room]
    rooms = {found for module in imports(path) if (found := room_of_module(module)) is not None}
    assert rooms - {room, "_version"} <= allowed, f"{room} imports {sorted(rooms - allowed - {room})}"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_inner_rooms_live_on_the_standard_library(path: Path) -> None:
    room = room_of(path)
    if room not in LIBRARIES:
        return
    foreign = {
        module.split(".")[0]
        for module in imports(path)
        if module.split(".")[0] not in sys.stdlib_module_names and room_of_module(module) is None
    }
    assert foreign - {"emqx_compat"} <= LIBRARIES[room]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_hub_and_the_codec_do_no_input_or_output(path: Path) -> None:
    room = room_of(path)
    if room not in SANS_IO or path.name in SANS_IO[room]:
        return
    assert not {"asyncio", "socket", "threading", "http", "ssl"} & {m.split(".")[0] for m in imports(path)}


def test_no_circle_of_imports() -> None:
    graph: dict[str, set[str]] = {}
    known = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in files()}
    for name, path in known.items():
        top = ast.parse(path.read_text()).body  # imports inside functions and TYPE_CHECKING blocks do not run here
        modules = [n for n in top if isinstance(n, ast.ImportFrom) and n.module]
        graph[name] = set()
        for node in modules:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                target = full if full in known else node.module or ""
                if target in known and target != name:
                    graph[name].add(target)
    state: dict[str, int] = {}

    def visit(name: str, way: tuple[str, ...]) -> None:
        if state.get(name) == 2:
            return
        assert state.get(name) != 1, " → ".join((*way[way.index(name) :], name))
        state[name] = 1
        for other in sorted(graph[name]):
            visit(other, (*way, name))
        state[name] = 2

    for name in sorted(graph):
        visit(name, ())
