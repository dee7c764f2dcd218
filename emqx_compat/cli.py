"""The command `emqx-compat`.

Exit codes: 0 clean stop, 1 crash (or a server that does not answer `ping`), 2 usage, 3 cannot start. Everything
heavy is imported by the command that needs it: `ping` is what health checks run every few seconds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from emqx_compat._version import VERSION

if TYPE_CHECKING:
    from emqx_compat.config import Configuration

CANNOT_START = 3
STATUS_URL = "http://127.0.0.1:18083/status"


def _settings_given(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not path.to.key=value")
    return values


_config = click.option("--config", type=click.Path(path_type=Path), help="Configuration file (HOCON).")
_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder of what outlives the process.  [default: data]"
)
_host = click.option("--host", help="Address of every listener.  [default: 127.0.0.1]")
_set = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_settings_given,
    help="Set path.to.key=value.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="emqx-compat", message="%(prog)s %(version)s")
def main() -> None:
    """One MQTT broker behind EMQX's v2, v3, v4 and v5 management APIs."""


@main.command()
@_config
@_data_dir
@_host
@_set
@click.option("--free-ports", is_flag=True, help="Put every listener on a free port.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Write the addresses there (JSON) once all is ready."
)
def serve(
    config: Path | None,
    data_dir: Path | None,
    host: str | None,
    overrides: tuple[str, ...],
    free_ports: bool,
    ready_file: Path | None,
) -> None:
    """Run the server until SIGTERM or SIGINT; a second signal forces the end."""
    configuration = _load(config, data_dir, host, overrides)
    from emqx_compat.server.errors import StartError
    from emqx_compat.server.process import run

    try:
        run(configuration, free_ports=free_ports, ready_file=ready_file)
    except StartError as error:
        _cannot_start(error)


@main.command()
@_config
@_data_dir
@_host
@_set
def check(config: Path | None, data_dir: Path | None, host: str | None, overrides: tuple[str, ...]) -> None:
    """Read the configuration and print what holds, with the place where each value was written."""
    import json

    configuration = _load(config, data_dir, host, overrides)
    for path, value, origin in configuration.effective():
        click.echo(f"{path} = {json.dumps(value, ensure_ascii=False)}  # {origin}")
    for notice in configuration.warnings:
        click.echo(f"warning: {notice}", err=True)


@main.command()
@click.option("--url", default=STATUS_URL, show_default=True, help="Where the server tells its status (http).")
@click.option("--timeout", default=5.0, show_default=True, help="Seconds to wait.")
def ping(url: str, timeout: float) -> None:
    """Ask a running server for its status; exit code 0 when it runs, 1 when not."""
    from emqx_compat.server.ping import PingError, ping_status

    try:
        status, text = ping_status(url, timeout)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from None
    except PingError as error:
        click.echo(f"emqx-compat: {error}", err=True)
        sys.exit(1)
    click.echo(text)
    sys.exit(0 if status == 200 else 1)


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(f"emqx-compat {VERSION}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON array instead of a table.")
def matrix(as_json: bool) -> None:
    """List every operation of every generation and whether it is served."""
    from emqx_compat.server.matrix import json_text, rows, table

    click.echo(json_text(rows()) if as_json else table(rows()))


def _load(
    config: Path | None, data_dir: Path | None, host: str | None, overrides: tuple[str, ...]
) -> Configuration:
    import json

    from emqx_compat.config import ConfigError, load

    if host is not None:
        overrides = (*overrides, f"compat.host={json.dumps(host)}")
    try:
        return load(config, os.environ, overrides, data_dir)
    except ConfigError as error:
        first, *others = error.problems
        _cannot_start(f"{first} (and {len(others)} more)" if others else str(first))
    except (OSError, UnicodeDecodeError) as error:
        _cannot_start(error)


def _cannot_start(reason: object) -> NoReturn:
    click.echo("emqx-compat: cannot start: " + " ".join(str(reason).split()), err=True)
    sys.exit(CANNOT_START)


if __name__ == "__main__":
    main(prog_name="emqx-compat")
