"""Makes a device known to a server: a one-time code for a key, kept in a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pitmark.core.errors import NotAllowedError, StorageError
from pitmark.edge.durable import sync_folder
from pitmark.edge.server_link import Answer, NoAnswerError, ServerLink


@dataclass(frozen=True, slots=True)
class Registration:
    """What a server said to a code: the project, and what the device is called there."""

    server: str
    project: str
    device: str
    key_file: Path

    def lines(self) -> list[str]:
        """What belongs into the points file."""
        return [
            "[server]",
            f'url = "{self.server}"',
            f'device = "{self.device}"',
            f'key_file = "{self.key_file.absolute()}"',
            'update = "ask"',
        ]


def register(server: str, code: str, key_file: Path) -> Registration:
    """Exchange a one-time code for a key, and keep it where the device alone can read it.

    Args:
        server: Its address.
        code: From an admin; it works once, within an hour.
        key_file: Where the key goes; an older key in it is replaced.

    Returns:
        What belongs into the points file.

    Raises:
        InvalidInputError: The address is none.
        NotAllowedError: The code is not good, or too many were tried.
        StorageError: The file cannot be written: the code is still good, unless the key
            was on its way already; or the server does not answer.
    """
    link = ServerLink(server, "", "")
    # Before the code is used up it must be known that the key can be kept.
    temporary = _made(key_file)
    try:
        found = _asked(link, server, code).json()
        device, project, key = (str(found[n]) for n in ("device", "project", "key"))
        _keep(temporary, key_file, key)
    except KeyError as exc:
        raise StorageError(f"{server} gave an answer that is none of Pitmark") from exc
    except NoAnswerError as exc:
        raise StorageError(
            f"no key came from {server}: {exc}",
            hint="Try again; if the code is used up: pitmark devices renew NAME",
        ) from exc
    finally:
        temporary.unlink(missing_ok=True)
    return Registration(server.rstrip("/"), project, device, key_file)


def _asked(link: ServerLink, server: str, code: str) -> Answer:
    answer = link.register(code)
    if answer.status == 201:
        return answer
    if answer.status in (403, 404, 422, 429):
        told = answer.json()
        message = str(told.get("message") or "the server refused the code")
        raise NotAllowedError(message, hint=str(told.get("hint", "")))
    raise StorageError(f"{server} answered with status {answer.status}")


def _made(key_file: Path) -> Path:
    """An empty file beside it that nobody else can read."""
    temporary = key_file.with_name(f".{key_file.name}.{os.getpid()}")
    try:
        key_file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as exc:
        raise StorageError(
            f"the key cannot be kept in {key_file}: {exc.strerror}",
            hint="Nothing was used up; name another file.",
        ) from exc
    return temporary


def _keep(temporary: Path, key_file: Path, key: str) -> None:
    try:
        with temporary.open("w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(key_file)
        sync_folder(key_file.parent)
    except OSError as exc:
        raise StorageError(
            f"the key cannot be kept in {key_file}: {exc.strerror}",
            hint="The code is used up; an admin makes a new one: pitmark devices renew NAME",
        ) from exc
