"""A network between a device and its server that can be cut, and that breaks by itself."""

import contextlib
import socket
import threading


class CutLine:
    """Forwards connections from a port of its own to another.

    `up` says whether anything goes through; `break_after` cuts each connection after so
    many bytes from the server.
    """

    def __init__(self, port):
        self.target, self.up, self.break_after = port, True, None
        self.connections, self.passed = 0, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Let nothing through, and break what is open."""
        self.up = False
        for found in list(self._open):
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self.up = True

    def close(self):
        self.cut()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self.up:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=30)
            except OSError:
                near.close()
                continue
            self.connections += 1
            self._open |= {near, far}
            for pair in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source, sink, counted):
        passed = 0
        with contextlib.suppress(OSError):
            while self.up and (data := source.recv(4096)):
                if counted and self.break_after is not None:
                    data = data[: max(0, self.break_after - passed)]
                if not data:
                    break
                sink.sendall(data)
                passed += len(data)
                self.passed += len(data) if counted else 0
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            self._open.discard(end)
