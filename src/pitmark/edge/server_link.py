"""The way from a device to its Pitmark server, with the standard library alone.

One connection that is kept open, for one thread; whatever goes wrong on the way is one
error, for a device can only try again later.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from pitmark.core.errors import InvalidInputError

_TIMEOUT_S = 20.0
_DIGITS = 5


class NoAnswerError(Exception):
    """The server did not answer, or not with anything usable; later it may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: the status of HTTP, and the body.

    `at_once` is how many records it takes in one request; 0 where it says nothing of it.
    """

    status: int
    body: bytes
    tag: str = ""
    at_once: int = 0

    def json(self) -> dict[str, Any]:
        """The body as an object.

        Raises:
            NoAnswerError: It is none: something between the two has answered.
        """
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError) as exc:
            raise NoAnswerError("the answer is not JSON") from exc
        if not isinstance(found, dict):
            raise NoAnswerError("the answer is not an object")
        return found


class ServerLink:
    """A device's way to its server.

    Args:
        server: Such as https://pitmark.example.org; http only for a server in the plant.
        device: The device's id at the server.
        key: The device's key; "" for what needs none.

    Raises:
        InvalidInputError: The address is none, or holds a name and password.
    """

    def __init__(self, server: str, device: str, key: str) -> None:
        try:
            parts = urlsplit(server)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise InvalidInputError(
                f"{server!r} is no address of a server",
                hint="It reads https://HOST or https://HOST:PORT; the key is kept apart.",
            )
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, port
        self._base = f"{parts.path.rstrip('/')}/api/devices"
        self._device, self._key = quote(device, safe=""), key
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask something, and read the whole answer.

        Args:
            method: Of HTTP.
            path: Below the device, such as "events".
            body: Sent as JSON.
            headers: Further ones.

        Returns:
            The answer, whatever its status.

        Raises:
            NoAnswerError: There was none.
        """
        try:
            answer = self._sent(method, self._of_device(path), body, headers or {})
            data = answer.read()
        except (OSError, http.client.HTTPException, ValueError) as exc:
            self.close()
            raise NoAnswerError(f"{self._host} does not answer: {exc}") from exc
        offered = answer.headers.get("Pitmark-Batch", "")
        at_once = int(offered) if offered.isdecimal() and len(offered) < _DIGITS else 0
        return Answer(answer.status, data, answer.headers.get("ETag", ""), at_once)

    def open(self, path: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Ask for something large, to be read piece by piece; `close` the link afterwards.

        Args:
            path: Below the device.
            headers: Further ones, such as Range.

        Returns:
            The answer with its body unread.

        Raises:
            NoAnswerError: There was none.
        """
        try:
            return self._sent("GET", self._of_device(path), None, headers)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            self.close()
            raise NoAnswerError(f"{self._host} does not answer: {exc}") from exc

    def register(self, code: str) -> Answer:
        """Exchange a one-time code for a key.

        Args:
            code: As typed.

        Returns:
            The answer.

        Raises:
            NoAnswerError: There was none.
        """
        try:
            answer = self._sent("POST", f"{self._base}/registration", {"code": code}, {})
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise NoAnswerError(f"{self._host} does not answer: {exc}") from exc
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _of_device(self, path: str) -> str:
        return f"{self._base}/{self._device}/{path}"

    def _sent(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=_TIMEOUT_S)
        sent = dict(headers)
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        self._connection.request(method, path, data, sent)
        return self._connection.getresponse()
