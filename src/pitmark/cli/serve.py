"""The commands around the server: start it, and help who forgot their password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    with _server_installed():
        from pitmark.server.serving import Listening, ServeOptions
        from pitmark.server.serving import serve as serve_workspace

    def tell(found: Listening) -> None:
        lines = [f"Pitmark serves {out.home} on {found.url} (Ctrl-C ends it)."]
        if found.setup_link is not None:
            lines += ["Nobody owns it yet. Make the first owner here, once:", found.setup_link]
        told: dict[str, Any] = {"url": found.url, "setup_link": found.setup_link}
        out.result(told, lines)

    serve_workspace(out.home, ServeOptions(host, port, allow_hosts), on_ready=tell)


@click.command()
@click.argument("email")
@click.password_option(help="The new password; asked for if left out.")
@click.pass_obj
def password(out: Output, email: str, password: str) -> None:
    """Give a person another password; all their sessions end."""
    with _server_installed():
        from pitmark.ops.people import reset_password
    from pitmark.store.db import open_store
    from pitmark.store.scope import Scope

    with ExitStack() as opened:
        first = opened.enter_context(open_store(out.home))
        names = [n for n in Scope.organisations(first.database) if n != first.organisation]
        others = [opened.enter_context(open_store(out.home, organisation=n)) for n in names]
        person = reset_password([first, *others], email, password)
    out.result({"email": person.email}, [f"{person.name} has a new password."])


@contextmanager
def _server_installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as exc:
        raise MissingExtraError(
            f"the server needs {exc.name}, which is not installed",
            hint="pip install 'pitmark[server]'",
        ) from exc


COMMANDS = (serve, password)
