"""Runs the server: refuses settings that contradict each other, then listens."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.ops.people_passwords import check_password
from pitmark.server.app import create_app
from pitmark.server.guards import LOOPBACK
from pitmark.server.stores import Stores
from pitmark.store.db import open_store
from pitmark.store.secret import new_secret
from pitmark.store.whose import is_owned

DEFAULT_PORT = 8321
_PATIENCE_S = 10
_QUEUE = 512
_EVERYWHERE = ("0.0.0.0", "::", "[::]")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where to listen.

    `host` is an address of this machine; `allow_hosts` are the names by which browsers
    and devices ask for the server, besides those of loopback. Port 0 takes a free one.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens; `setup_link` makes the first owner where there is none."""

    url: str
    setup_link: str | None


def serve(home: Path, options: ServeOptions, *, on_ready: Callable[[Listening], None]) -> None:
    """Serve a workspace until the process is told to stop; it is made where there is none.

    Args:
        home: The folder of the workspace.
        options: Where to listen.
        on_ready: Told once, when the server listens.

    Raises:
        InvalidInputError: The settings would let strangers in.
        StorageError: The address or port cannot be used.
    """
    with open_store(home, create=True):
        pass
    ownerless = _ownerless(home)
    expect_safe(options, ownerless=ownerless)
    token = new_secret() if ownerless else None
    # 0.0.0.0 listens everywhere and is nobody's name: browsers take it for this machine.
    own = () if options.host in _EVERYWHERE else (options.host,)
    app = create_app(home, allow_hosts=(*options.allow_hosts, *own), setup_token=token)
    # The first check takes longer than the later ones, and tells nobody anything here.
    check_password("", None)
    listener = _listen(options)
    url = f"http://{_shown(options.host)}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE_S,
    )
    link = None if token is None else f"{url}/setup?token={token}"
    on_ready(Listening(url, link))
    uvicorn.Server(config).run(sockets=[listener])


def expect_safe(options: ServeOptions, *, ownerless: bool) -> None:
    """Refuse to be reached from other machines before it is known who may do what.

    Args:
        options: Where to listen.
        ownerless: Whether the workspace has no owner yet.

    Raises:
        InvalidInputError: Other machines could reach a server that nobody owns, or that
            does not know its own name.
    """
    if is_loopback(options.host):
        return
    if ownerless:
        raise InvalidInputError(
            f"nobody owns the workspace yet, so the server must not listen on {options.host}",
            hint="Start it without --host, open the link that it prints, and make the first"
            " owner; then start it again as you wish.",
        )
    if not options.allow_hosts:
        raise InvalidInputError(
            f"to listen on {options.host} the server must know by which name it is asked for",
            hint="Add --allow-host NAME, the name or address in the browser's address line.",
        )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only.

    Args:
        host: Name or address to listen on.

    Returns:
        True for loopback.
    """
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _ownerless(home: Path) -> bool:
    stores = Stores(home)
    try:
        return not is_owned(stores.local().database)
    finally:
        stores.close()


def _listen(options: ServeOptions) -> socket.socket:
    host = options.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, options.port), family=family, backlog=_QUEUE)
    except OSError as exc:
        raise StorageError(
            f"the server cannot listen on {options.host}, port {options.port}: {exc.strerror}",
            hint="Stop what listens there, or take another port with --port.",
        ) from exc


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
