"""The command that starts the server."""

from __future__ import annotations

from typing import Any

import click

from pitmark.cli.output import Output
from pitmark.core.errors import MissingExtraError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Name by which browsers ask for the server; may be repeated. Needed with --host.",
)
@click.pass_obj
def serve(out: Output, host: str, port: int, allow_hosts: tuple[str, ...]) -> None:
    """Serve the web app and the API; Ctrl-C ends it.

    The first start prints a link that makes the first owner. Before there is one, and
    without --allow-host, the server listens on this machine only.
    """
    try:
        from pitmark.server.serving import Listening, ServeOptions
        from pitmark.server.serving import serve as serve_workspace
    except ModuleNotFoundError as exc:
        raise MissingExtraError(
            f"the server needs {exc.name}, which is not installed",
            hint="pip install 'pitmark[server]'",
        ) from exc

    def tell(found: Listening) -> None:
        lines = [f"Pitmark serves {out.home} on {found.url} (Ctrl-C ends it)."]
        if found.setup_link is not None:
            lines += ["Nobody owns it yet. Make the first owner here, once:", found.setup_link]
        told: dict[str, Any] = {"url": found.url, "setup_link": found.setup_link}
        out.result(told, lines)

    serve_workspace(out.home, ServeOptions(host, port, allow_hosts), on_ready=tell)


COMMANDS = (serve,)
