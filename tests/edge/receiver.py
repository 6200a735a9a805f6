"""A tiny real server for what devices send: it keeps each record once, by its key."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Listens on loopback; `records` are the bodies by key, `attempts` counts all posts."""

    def __init__(self, *, key="secret"):
        self.records, self.attempts, self.paths = {}, 0, set()
        self.key, self.answer_with = key, None
        self.notes = []  # What became of releases.
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # A device that is killed hangs up.
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        with self._lock:
            self.attempts += 1
            self.paths.add(path)
            if self.answer_with is not None:
                return self.answer_with
            if headers["Authorization"] != f"Bearer {self.key}":
                return 401
            record = json.loads(body)
            if "release_note" in record:
                self.notes.append(record)
                return 201
            assert headers["Idempotency-Key"] == record["key"]
            if record["image_base64"] is not None:
                image = base64.b64decode(record["image_base64"])
                assert hashlib.sha256(image).hexdigest() == record["image_sha256"]
            if record["key"] in self.records:
                assert self.records[record["key"]] == record
                return 409
            self.records[record["key"]] = record
            return 201

    def close(self):
        self._server.shutdown()
        self._server.server_close()
