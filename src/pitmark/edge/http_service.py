"""The device over HTTP: the page, health, figures, the handshake, images and releases.

    GET  /                                the page             GET /status    everything as JSON
    GET  /healthz                         200 or 503           GET /metrics   for Prometheus
    POST /points/NAME/images              an image file; answers with the result
    GET  /points/NAME/outputs             ?wait=SECONDS waits for Results Ready
    POST /points/NAME/trigger             {"custom": 0}
    POST /points/NAME/acknowledge
    POST /points/NAME/configuration       {"index": 0}
    POST /releases/NAME                   a bundle

Where a token is set, every call but /healthz needs it: as a bearer token, or as the password
of a browser.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pitmark.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PitmarkError,
    StorageError,
)
from pitmark.edge.bundle_file import MAX_BUNDLE_BYTES
from pitmark.edge.device_spec import LOOPBACK, ListenSpec
from pitmark.edge.handshake import (
    MOST_NUMBER,
    Acknowledged,
    ConfigurationAsked,
    Triggered,
)
from pitmark.edge.metrics_text import CONTENT_TYPE, metrics_text
from pitmark.edge.parts import Frame
from pitmark.edge.station import Station
from pitmark.edge.status_page import POLICY, status_page
from pitmark.formats.images import thumbnail

MAX_IMAGE_BYTES = 256 * 1024 * 1024
_MAX_JSON_BYTES = 64 * 1024
_MAX_WAIT_S = 60.0
_STATUS = {
    "not_found": 404,
    "conflict": 409,
    "invalid_input": 422,
    "unreadable_image": 422,
    "invalid_label": 422,
    "bad_bundle": 422,
    "parity": 422,
    "storage": 507,
}
_PICTURE = re.compile(r"/parts/([A-Za-z0-9_-]+)/(\d{1,18})\.jpg")
_POINT = re.compile(r"/points/([A-Za-z0-9_-]+)/([a-z]+)")
_RELEASE = re.compile(r"/releases/([A-Za-z0-9_-]+)")


class HttpService:
    """Serves one device.

    Args:
        station: The device.
        listen: Where; port 0 takes a free one.

    Raises:
        StorageError: The port is taken, or the address is not of this machine.
    """

    def __init__(self, station: Station, listen: ListenSpec) -> None:
        handler = type("DeviceHandler", (_Handler,), {"station": station, "listen": listen})
        try:
            self._server = _Server((listen.host, listen.port), handler)
        except OSError as exc:
            raise StorageError(
                f"cannot listen on {listen.host}, port {listen.port}: {exc.strerror}",
                hint="Another process may use the port; choose another one.",
            ) from exc
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over callers that hang up; anything else is told on standard error."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Refused(Exception):
    """An answer other than success, to be sent as it is."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "hint": hint}


class _Handler(BaseHTTPRequestHandler):
    station: Station
    listen: ListenSpec
    protocol_version = "HTTP/1.1"
    server_version = "Pitmark"
    sys_version = ""
    timeout = 120
    # Small answers must not wait for each other's acknowledgements.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a question."""
        self._answered(self._get)

    def do_POST(self) -> None:
        """Take an order or an image."""
        self._answered(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a line makes thousands of calls an hour."""

    def _answered(self, work: Callable[[str], None]) -> None:
        self._taken = False
        try:
            self._check_caller()
            work(unquote(urlsplit(self.path).path))
        except _Refused as refused:
            self._json(refused.status, refused.body)
        except PitmarkError as error:
            self._json(_STATUS.get(error.code, 400), error.to_json())
        except TimeoutError:
            body = {"code": "error", "message": "the point gave no verdict in time", "hint": ""}
            self._json(504, body)
        except ConnectionError:
            self.close_connection = True

    def _check_caller(self) -> None:
        path = urlsplit(self.path).path
        if self.listen.host in LOOPBACK:
            host = (self.headers.get("Host") or "").rsplit(":", 1)[0].strip("[]")
            if host not in LOOPBACK:
                raise _Refused(403, "forbidden", f"this device is not called {host!r}")
        if self.command == "POST" and self._is_foreign():
            raise _Refused(403, "forbidden", "a page of another site may not steer a device")
        if self.listen.token is None or path == "/healthz":
            return
        if not hmac.compare_digest(self._token().encode(), self.listen.token.encode()):
            raise _Refused(401, "unauthorized", "the token is missing or wrong")

    def _is_foreign(self) -> bool:
        origin = self.headers.get("Origin")
        if origin is None:
            return self.headers.get("Sec-Fetch-Site") == "cross-site"
        return urlsplit(origin).netloc != self.headers.get("Host")

    def _token(self) -> str:
        kind, _, value = (self.headers.get("Authorization") or "").partition(" ")
        if kind.lower() == "bearer":
            return value.strip()
        if kind.lower() == "basic":
            try:
                pair = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, ValueError):
                return ""
            return pair.partition(":")[2]
        return ""

    def _get(self, path: str) -> None:
        station = self.station
        if path == "/":
            self._send(200, status_page(station).encode(), "text/html; charset=utf-8")
        elif path == "/healthz":
            body = {"healthy": station.healthy, "troubles": dict(station.troubles)}
            self._json(200 if station.healthy else 503, body)
        elif path == "/metrics":
            self._send(200, metrics_text(station).encode(), CONTENT_TYPE)
        elif path == "/status":
            self._json(200, station.status())
        elif match := _PICTURE.fullmatch(path):
            self._picture(match[1], int(match[2]))
        elif (match := _POINT.fullmatch(path)) and match[2] == "outputs":
            point = station.point(match[1])
            wait_s = self._number("wait", 0.0)
            outputs = point.wait(lambda o: o.results_ready, min(wait_s, _MAX_WAIT_S))
            self._json(200, outputs.to_json())
        else:
            raise NotFoundError(f"there is nothing at {path}")

    def _post(self, path: str) -> None:
        if match := _RELEASE.fullmatch(path):
            done = self.station.activate(match[1], self._body(MAX_BUNDLE_BYTES))
            self._json(
                200,
                {
                    "version": done.held.version,
                    "sha256": done.held.sha256,
                    "latency_ms": done.latency_ms,
                    "how": done.how,
                },
            )
            return
        match = _POINT.fullmatch(path)
        if match is None:
            raise NotFoundError(f"there is nothing at {path}")
        point = self.station.point(match[1])
        if match[2] == "images":
            self._image(match[1])
            return
        given = self._object()
        if match[2] == "trigger":
            outputs = point.handle(Triggered(_whole(given, "custom", 0)))
        elif match[2] == "acknowledge":
            outputs = point.handle(Acknowledged())
        elif match[2] == "configuration":
            outputs = point.handle(ConfigurationAsked(_whole(given, "index", None)))
        else:
            raise NotFoundError(f"there is nothing at {path}")
        self._json(200, outputs.to_json())

    def _image(self, name: str) -> None:
        image = self._body(MAX_IMAGE_BYTES)
        query = parse_qs(urlsplit(self.path).query)
        called = query.get("name", [""])[0][:200]
        tags = {k[4:]: v[0] for k, v in query.items() if k.startswith("tag.")}
        custom = int(self._number("custom", 0.0))
        frame = Frame(called or "image", image, tags=tags)
        result = self.station.point(name).push(frame, custom=custom)
        if result is None:
            raise ConflictError(
                f"{name}: nobody had asked for an image",
                hint="This point is triggered by the control; the image was left out.",
            )
        self._json(200, result.to_json())

    def _picture(self, point: str, number: int) -> None:
        for shown in list(self.station.recorder.latest):
            is_it = shown.result.point == point and shown.result.number == number
            if is_it and shown.small is not None:
                self._send(200, thumbnail(shown.small, 240), "image/jpeg")
                return
        raise NotFoundError(f"there is no picture of part {number} of {point} any more")

    def _number(self, name: str, default: float) -> float:
        text = parse_qs(urlsplit(self.path).query).get(name, [""])[0]
        try:
            value = float(text) if text else default
        except ValueError:
            value = -1.0
        if not 0 <= value <= MOST_NUMBER:
            raise InvalidInputError(f"{name} must be a number of 0 or more, found {text!r}")
        return value

    def _body(self, most: int) -> bytes:
        try:
            length = int(self.headers.get("Content-Length") or "")
        except ValueError:
            self.close_connection = True
            raise _Refused(411, "invalid_input", "the call does not say its length") from None
        if not 0 <= length <= most:
            self.close_connection = True
            raise _Refused(
                413, "invalid_input", f"the body has {length:,} bytes, allowed are {most:,}"
            )
        data = self.rfile.read(length)
        self._taken = True
        if len(data) != length:
            self.close_connection = True
            raise _Refused(400, "invalid_input", "the body was cut short")
        return data

    def _object(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length")
        if length in (None, "0"):
            self._taken = True
            return {}
        try:
            found = json.loads(self._body(_MAX_JSON_BYTES))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise InvalidInputError("the body must be a JSON object")
        return found

    def _json(self, status: int, body: object) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        if self.command == "POST" and not self._taken:
            self.close_connection = True  # A body that was not read cannot be skipped.
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="pitmark"')
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _whole(given: dict[str, Any], name: str, default: int | None) -> int:
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_NUMBER:
        raise InvalidInputError(f"{name} must be a whole number of 0 or more, found {value!r}")
    return value
