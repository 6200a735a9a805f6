"""The handshake over MQTT, with a birth when the device comes and a death when it goes.

    TOPIC/DEVICE/status            retained: {"online": true, "session": ..., "points": [...]};
                                   the broker says {"online": false} when the device is lost
    TOPIC/DEVICE/POINT/outputs     retained: what a control reads, at every change
    TOPIC/DEVICE/POINT/result      every verdict with its reason
    TOPIC/DEVICE/POINT/command     taken: {"command": "trigger", "custom": 0},
                                   {"command": "acknowledge"},
                                   {"command": "configuration", "index": 0}

`session` is the same in a birth and in the death that belongs to it. A retained command is
left out: it was meant for another time.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import Any

from pitmark.edge.device_spec import MqttSpec
from pitmark.edge.extras import load_extra
from pitmark.edge.handshake import (
    MOST_NUMBER,
    Acknowledged,
    ConfigurationAsked,
    Event,
    Outputs,
    Triggered,
)
from pitmark.edge.parts import PartResult
from pitmark.edge.point import Point
from pitmark.edge.station import Station

_MOST_WAITING = 1000
_QOS = 1


class MqttTransport:
    """Speaks for the points of a device at a broker; reconnects by itself.

    Args:
        station: The device.
        spec: The broker.

    Raises:
        MissingExtraError: paho-mqtt is not installed.
    """

    def __init__(self, station: Station, spec: MqttSpec) -> None:
        library = load_extra("paho.mqtt.client", "plc", "MQTT")
        self._station, self._spec = station, spec
        self._base = f"{spec.topic}/{station.spec.name}"
        self._session = time.time_ns()
        self._lock = threading.Lock()
        self._told: dict[str, Outputs] = {}
        self._connected = threading.Event()
        self._client = library.Client(
            library.CallbackAPIVersion.VERSION2, client_id=f"pitmark-{station.spec.name}"
        )
        self._client.max_queued_messages_set(_MOST_WAITING)
        if spec.user:
            self._client.username_pw_set(spec.user, spec.password)
        if spec.tls:
            self._client.tls_set()
        death = json.dumps({"online": False, "session": self._session})
        self._client.will_set(f"{self._base}/status", death, qos=_QOS, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = lambda *_: self._connected.clear()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 60)

    def start(self) -> None:
        """Connect, now or whenever the broker is there."""
        for point in self._station.points.values():
            point.listen(self._tell)
        self._station.listen(self._publish_result)
        self._client.connect_async(self._spec.host, self._spec.port, keepalive=15)
        self._client.loop_start()

    def stop(self) -> None:
        """Say that the device goes, and go."""
        if self._connected.is_set():
            death = json.dumps({"online": False, "session": self._session})
            told = self._client.publish(f"{self._base}/status", death, qos=_QOS, retain=True)
            with contextlib.suppress(ValueError, RuntimeError):  # The broker is gone.
                told.wait_for_publish(timeout=5)
        self._client.disconnect()
        self._client.loop_stop()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until commands of a control are heard.

        Args:
            timeout_s: How long.

        Returns:
            Whether they are.
        """
        return self._connected.wait(timeout_s)

    def _on_connect(self, client: Any, _: Any, __: Any, reason: Any, ___: Any) -> None:
        if reason.is_failure:
            self._station.troubles["mqtt"] = f"the broker refuses the device: {reason}"
            return
        client.subscribe(f"{self._base}/+/command", qos=_QOS)

    def _on_subscribe(self, client: Any, _: Any, __: Any, reasons: Any, ___: Any) -> None:
        """Say that the device is there: only now does it hear what a control answers."""
        if any(reason.is_failure for reason in reasons):
            self._station.troubles["mqtt"] = "the broker does not let the device hear commands"
        else:
            self._station.troubles.pop("mqtt", None)
        birth = {
            "online": True,
            "session": self._session,
            "points": list(self._station.points),
            "releases": {n: live.status() for n, live in self._station.releases.items()},
        }
        client.publish(f"{self._base}/status", json.dumps(birth), qos=_QOS, retain=True)
        with self._lock:
            self._told.clear()
        for point in self._station.points.values():
            self._tell(point)
        self._connected.set()

    def _on_message(self, _: Any, __: Any, message: Any) -> None:
        name = message.topic.removeprefix(f"{self._base}/").removesuffix("/command")
        point = self._station.points.get(name)
        event = None if message.retain else _event(message.payload)
        if point is not None and event is not None:
            point.handle(event)

    def _tell(self, point: Point) -> None:
        name = point.spec.name
        with self._lock:
            outputs = point.outputs
            if self._told.get(name) == outputs:
                return
            self._told[name] = outputs
            body = json.dumps(outputs.to_json())
            self._client.publish(f"{self._base}/{name}/outputs", body, qos=_QOS, retain=True)

    def _publish_result(self, result: PartResult) -> None:
        body = json.dumps(result.to_json())
        self._client.publish(f"{self._base}/{result.point}/result", body, qos=_QOS)


def _event(payload: bytes) -> Event | None:
    """The event of a command; None where it is none."""
    try:
        given = json.loads(payload)
        command = given["command"]
        if command == "trigger":
            return Triggered(_number(given.get("custom", 0)))
        if command == "acknowledge":
            return Acknowledged()
        if command == "configuration":
            return ConfigurationAsked(_number(given["index"]))
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return None


def _number(given: Any) -> int:
    number = int(given)
    if not 0 <= number <= MOST_NUMBER:
        raise ValueError(f"no number that a control may give: {number}")
    return number
