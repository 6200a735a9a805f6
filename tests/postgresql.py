"""A real PostgreSQL server for tests: started from Debian's files, gone at the end."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

if sys.platform != "win32":
    import pwd

MISSING = (
    "PostgreSQL is not installed: apt-get install postgresql"
    " (looked for initdb on the PATH and in /usr/lib/postgresql/*/bin)"
)
_UNSAFE_AND_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}
_STARTING_S = 60


class Server:
    """A running server; everything it is asked for is thrown away with it."""

    def __init__(self, port, password, data):
        self.port, self.password, self._data = port, password, data
        self._numbers = count(1)
        self._admin = psycopg.connect(self.dsn("postgres"), autocommit=True)

    def dsn(self, name):
        where = f"host=127.0.0.1 port={self.port} dbname={name}"
        return f"{where} user=pitmark password={self.password}"

    def url(self, name, *, user="pitmark", password=None):
        secret = self.password if password is None else password
        return f"postgresql+psycopg://{user}:{secret}@127.0.0.1:{self.port}/{name}"

    def create(self, template="template0", sorted_as="LOCALE 'C'"):
        """A new database, a copy of another where one is named; gives its name."""
        name = f"t{next(self._numbers)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY ENCODING 'UTF8' {}")
        parts = (sql.Identifier(name), sql.Identifier(template), sql.SQL(sorted_as))
        self._admin.execute(made.format(*parts))
        return name

    def damaged_copy(self, name, table):
        """A copy of a database in which the first page of a table is rubbish."""
        ((path,),) = self.rows(f"SELECT pg_relation_filepath('{table}')", name)
        self.run("CHECKPOINT")
        with (self._data / path).open("r+b") as file:
            file.write(b"\x5a" * 8192)
        return self.create(name)

    def drop(self, name):
        dropped = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._admin.execute(dropped.format(sql.Identifier(name)))

    def run(self, statement, name=None):
        """One statement of the owner of everything, in its own transaction."""
        if name is None:
            self._admin.execute(statement)
            return
        with psycopg.connect(self.dsn(name), autocommit=True) as connection:
            connection.execute(statement)

    def rows(self, query, name):
        with psycopg.connect(self.dsn(name), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def close_others(self, name):
        """End all connections to a database."""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )

    def close(self):
        self._admin.close()


def programs():
    """The folder of initdb and postgres, the newest version; None where there is none."""
    found = [Path(p).parent for p in [shutil.which("initdb")] if p]
    found += sorted(
        (p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda p: float(p.parent.name),
        reverse=True,
    )
    return found[0] if found else None


@contextmanager
def running_server():
    """A server on a free port of 127.0.0.1, for as long as the block lasts."""
    folder = programs()
    if folder is None:
        pytest.skip(MISSING)
    # PostgreSQL refuses to run as root, and root's temporary folders let nobody else in.
    root = Path(tempfile.mkdtemp(prefix="pitmark-postgresql-"))
    who = {}
    if os.geteuid() == 0:
        user = _unprivileged()
        shutil.chown(root, user.pw_uid, user.pw_gid)
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    password, port = secrets.token_urlsafe(16), _free_port()
    try:
        _make(folder, root, password, who)
        options = [f"-c{k}={v}" for k, v in _UNSAFE_AND_FAST.items()]
        with (root / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(str(folder / "postgres"), "-D", str(root / "data"), "-p", str(port)),
                    *("-clisten_addresses=127.0.0.1", "-cunix_socket_directories=", *options),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=root,
                **who,
            )
        try:
            server = _answering(process, (port, password, root / "data"), root / "log")
            try:
                yield server
            finally:
                server.close()
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait(timeout=_STARTING_S)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _unprivileged():
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _make(folder, root, password, who):
    secret = root / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if who:
        shutil.chown(secret, who["user"], who["group"])
    subprocess.run(
        [
            *(str(folder / "initdb"), "-D", str(root / "data"), "-U", "pitmark"),
            *("-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C"),
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=root,
        **who,
    )


def _answering(process, where, log):
    """The server as soon as it answers."""
    deadline = time.monotonic() + _STARTING_S
    while True:
        try:
            return Server(*where)
        except psycopg.OperationalError as exc:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from exc
            time.sleep(0.05)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
