"""One server over HTTP: questions and answers as messages, errors as Pitmark's own.

An answer that is an error becomes the same class that `pitmark.open` would raise, found by
its code. A server that cannot be reached, or does not answer as one, is a StorageError.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from pitmark.core.errors import InvalidInputError, PitmarkError, StorageError
from pitmark.sdk.errors import error_of
from pitmark.wire.message import Message

M = TypeVar("M")
B = TypeVar("B", bound=Message)
# Tries to reach the server, each after twice the wait of the one before: 8 s in all.
_CONNECTS = 5
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
# The server says at least every 15 s that a stream still goes on.
_STREAM_TIMEOUT = httpx.Timeout(60.0, connect=10.0, write=10.0)
_PIECE = 1 << 20
# With a million images a server reads for half a minute before it can answer for them.
_NOT_READY, _PATIENCE_S = 503, 300.0


class Connection:
    """The server of a workspace, asked with a token; may be used by many threads.

    Args:
        url: Where it is, such as https://inspection.example or http://127.0.0.1:8321.
        token: Made under People; it acts in the name of its person.

    Raises:
        InvalidInputError: The URL is none, or the token is empty.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = _checked(url)
        if not token.strip() or not token.isascii():
            raise InvalidInputError(
                "a token is needed to talk to a server",
                hint="Make one in the web app under People, Tokens.",
            )
        self._client = httpx.Client(
            base_url=self.url,
            timeout=_TIMEOUT,
            headers={"Authorization": f"Bearer {token.strip()}"},
            # A server that is started anew is waited for: nothing was sent yet.
            transport=httpx.HTTPTransport(retries=_CONNECTS),
        )

    def get(self, path: str, answer: type[M], **question: Any) -> M:
        """Ask for something.

        Args:
            path: Below the URL of the server.
            answer: What comes back: a message, or list[...] of one.
            **question: Parameters of the question; None leaves one out.

        Returns:
            The answer.

        Raises:
            PitmarkError: As the server tells it.
        """
        asked = {k: v for k, v in question.items() if v is not None}
        return _read(self._ask("GET", path, params=asked), answer)

    def send(self, method: str, path: str, body: Message | None, answer: type[M]) -> M:
        """Change something.

        Args:
            method: POST, PUT, PATCH or DELETE.
            path: Below the URL of the server.
            body: What is sent; None for nothing.
            answer: What comes back: a message, list[...] of one, or NoneType.

        Returns:
            The answer.

        Raises:
            PitmarkError: As the server tells it.
        """
        sent: dict[str, Any] = {} if body is None else {"json": body.model_dump(mode="json")}
        return _read(self._ask(method, path, **sent), answer)

    def upload(self, path: str, file: Path, answer: type[M]) -> M:
        """Send a file as it is.

        Args:
            path: Below the URL of the server.
            file: To be read.
            answer: What comes back.

        Returns:
            The answer.

        Raises:
            StorageError: The file cannot be read, or the server cannot be reached.
            PitmarkError: As the server tells it.
        """
        with self._told(), file.open("rb") as content:
            found = self._client.put(path, content=content)
        return _read(found, answer)

    def download(self, path: str, target: Path) -> int:
        """Fetch a file; it is there whole, or not at all.

        Args:
            path: Below the URL of the server.
            target: The file to write; one that exists is replaced.

        Returns:
            Its size in bytes.

        Raises:
            StorageError: The file cannot be written, or the server cannot be reached.
            PitmarkError: As the server tells it.
        """
        aside, size = target.with_name(f".{target.name}.part"), 0
        try:
            with self._told(), self._client.stream("GET", path) as found:
                _refuse(found)
                target.parent.mkdir(parents=True, exist_ok=True)
                with aside.open("wb") as file:
                    for piece in found.iter_bytes(_PIECE):
                        size += file.write(piece)
                aside.replace(target)
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
        return size

    def events(self, path: str, event: type[M]) -> Generator[M, None, None]:
        """Listen to server-sent events until the server ends them.

        Args:
            path: Below the URL of the server.
            event: What each of them is.

        Yields:
            The events.

        Raises:
            StorageError: The connection broke.
            PitmarkError: As the server tells it.
        """
        with (
            self._told(),
            self._client.stream(
                "GET", path, headers={"Accept": "text/event-stream"}, timeout=_STREAM_TIMEOUT
            ) as found,
        ):
            _refuse(found)
            held: list[str] = []
            for line in found.iter_lines():
                if line.startswith("data:"):
                    held.append(line[5:].removeprefix(" "))
                elif not line and held:
                    yield _message("\n".join(held), event)
                    held = []

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Ask, and again while the server says that it is not ready: it did nothing yet."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            with self._told():
                found = self._client.request(method, path, **sent)
            wait_s = found.headers.get("Retry-After", "")
            if found.status_code != _NOT_READY or not wait_s.isdecimal():
                return found
            if time.monotonic() + int(wait_s) > until:
                return found
            time.sleep(int(wait_s))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn failures of the way there into errors a person can act on."""
        try:
            yield
        except httpx.TimeoutException as exc:
            raise StorageError(
                f"the server {self.url} does not answer",
                hint="See whether it is running and not overloaded, and try again.",
            ) from exc
        except httpx.HTTPError as exc:
            raise StorageError(
                f"the server {self.url} cannot be reached: {exc or type(exc).__name__}",
                hint="See whether it is running, and check the URL.",
            ) from exc
        except OSError as exc:
            raise StorageError(f"{exc.filename or 'a file'}: {exc.strerror}") from exc


def message(model: type[B], /, **values: Any) -> B:
    """A message to be sent.

    Args:
        model: Which message.
        **values: What it says.

    Returns:
        The message.

    Raises:
        InvalidInputError: It cannot say that; the error names the value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise InvalidInputError(f"{place}: {first['msg'].lower()}") from exc


def part(name: str) -> str:
    """A name as one part of a path.

    Args:
        name: Such as that of a project.

    Returns:
        The name with everything escaped that has a meaning in a URL.
    """
    return quote(name, safe="")


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as exc:
        raise InvalidInputError(f"{url!r} is no URL: {exc}") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InvalidInputError(
            f"{url!r} is no URL of a server", hint="For example http://127.0.0.1:8321."
        )
    return str(parsed).rstrip("/")


def _refuse(found: httpx.Response) -> None:
    """Raise what an answer says where it is an error."""
    if found.is_success:
        return
    found.read()
    try:
        body = json.loads(found.content)
    except ValueError:
        body = None
    raise error_of(found.status_code, body if isinstance(body, Mapping) else {})


def _read(found: httpx.Response, answer: type[M]) -> M:
    _refuse(found)
    text = found.text if found.content else "null"
    return _message(text, answer)


def _message(text: str, answer: type[M]) -> M:
    try:
        return TypeAdapter(answer).validate_json(text)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(p) for p in first["loc"])
        raise StorageError(
            f"the answer of the server cannot be read ({place}: {first['msg']})",
            hint="Use the same version of Pitmark here and on the server.",
        ) from exc


def unexpected(what: str) -> PitmarkError:
    """The error for an answer that makes no sense.

    Args:
        what: What is wrong with it.

    Returns:
        The error, to be raised.
    """
    return StorageError(
        f"the answer of the server makes no sense: {what}",
        hint="Use the same version of Pitmark here and on the server.",
    )
