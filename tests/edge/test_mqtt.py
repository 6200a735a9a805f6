import asyncio
import json
import threading
from collections import defaultdict

import pytest

from pitmark.edge.async_thread import AsyncThread
from pitmark.edge.device_spec import MqttSpec, PointSpec
from pitmark.edge.mqtt import MqttTransport
from pitmark.edge.parts import Frame
from tests.edge.lines import free_port, png, running, spec_in, until
from tests.edge.releases import release

paho = pytest.importorskip("paho.mqtt.client", reason="needs paho-mqtt")
subscribe = pytest.importorskip("paho.mqtt.subscribe")
broker_of = pytest.importorskip("amqtt.broker", reason="needs a broker to test with").Broker

TOPICS = [(f"plant/device/{t}", 1) for t in ("status", "+/outputs", "+/result")]
POINT = PointSpec("top", trigger="control", acknowledge=True)


@pytest.fixture
def broker():
    port = free_port()
    thread = AsyncThread("broker")
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {}},
    }

    async def open_broker():
        made = broker_of(config)
        await made.start()
        return made

    running_broker = thread.run(open_broker())
    yield port
    thread.run(asyncio.wait_for(running_broker.shutdown(), 20))
    thread.stop()


class Control:
    """A client that keeps what it is told, by topic."""

    def __init__(self, port):
        self.told = defaultdict(list)
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="control")
        ready = threading.Event()
        self.client.on_connect = lambda c, *_: c.subscribe(TOPICS)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _, __, m: self.told[m.topic].append(
            json.loads(m.payload)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(30)

    def say(self, body, *, retain=False):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        topic = "plant/device/top/command"
        self.client.publish(topic, raw, qos=1, retain=retain).wait_for_publish(30)

    def last(self, topic):
        found = self.told[f"plant/device/{topic}"]
        return found[-1] if found else {}

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def line(tmp_path, broker):
    control = Control(broker)
    with running(spec_in(tmp_path, POINT), release(tmp_path, 3)) as station:
        transport = MqttTransport(station, MqttSpec("127.0.0.1", broker, topic="plant"))
        transport.start()
        assert transport.wait_connected(30)
        yield station, control, transport
        transport.stop()
    control.close()


def test_a_birth_tells_points_and_releases_and_a_death_follows(line):
    _, control, transport = line
    until(lambda: control.last("status").get("online"))
    birth = control.last("status")
    assert birth["points"] == ["top"]
    assert birth["releases"]["main"]["version"] == 3
    transport.stop()
    until(lambda: control.last("status").get("online") is False)
    assert control.last("status")["session"] == birth["session"]


def test_a_control_triggers_reads_and_acknowledges(line):
    station, control, _ = line
    until(lambda: control.last("top/outputs").get("trigger_ready"))
    control.say({"command": "trigger", "custom": 17})
    until(lambda: control.last("top/outputs").get("custom") == 17)
    station.point("top").push(Frame("p.png", png()))
    until(lambda: control.last("top/outputs").get("results_ready"))
    assert control.last("top/outputs")["ng"]
    until(lambda: control.last("top/result"))
    result = control.last("top/result")
    assert result["verdict"]["outcome"] == "NG"
    assert result["verdict"]["reason"]
    control.say({"command": "acknowledge"})
    until(lambda: control.last("top/outputs").get("trigger_ready"))
    control.say({"command": "configuration", "index": 7})
    until(lambda: control.last("top/outputs").get("error_code") == 5)


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        {"command": "dance"},
        {"command": "trigger", "custom": "a"},
        {},
        b'{"command": "trigger", "custom": 1e999}',
        {"command": "trigger", "custom": -1},
        {"command": "configuration", "index": 2**70},
    ],
)
def test_what_is_no_command_changes_nothing(line, body):
    station, control, _ = line
    control.say(body)
    control.say({"command": "trigger", "custom": 3})
    until(lambda: station.point("top").outputs.custom == 3)
    assert station.point("top").outputs.number == 1
    assert station.point("top").outputs.missed == 0


def test_a_retained_command_is_left_out(tmp_path, broker):
    control = Control(broker)
    control.say({"command": "trigger", "custom": 99}, retain=True)
    kept = subscribe.simple("plant/device/top/command", port=broker)
    assert kept.retain
    with running(spec_in(tmp_path, POINT), release(tmp_path, 3)) as station:
        transport = MqttTransport(station, MqttSpec("127.0.0.1", broker, topic="plant"))
        transport.start()
        assert transport.wait_connected(30)
        control.say({"command": "trigger", "custom": 1})
        until(lambda: station.point("top").outputs.number == 1)
        assert station.point("top").outputs.custom == 1
        transport.stop()
    control.close()


def test_a_device_works_without_its_broker(tmp_path):
    with running(spec_in(tmp_path), release(tmp_path, 3)) as station:
        transport = MqttTransport(station, MqttSpec("127.0.0.1", free_port()))
        transport.start()
        assert station.point("top").push(Frame("p", png())).verdict.outcome == "NG"
        transport.stop()
