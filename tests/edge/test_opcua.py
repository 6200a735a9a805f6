import pytest

from pitmark.core.errors import StorageError
from pitmark.edge.async_thread import AsyncThread
from pitmark.edge.device_spec import OpcUaSpec, PointSpec
from pitmark.edge.opcua import NAMESPACE, OpcUaTransport
from pitmark.edge.parts import Frame
from tests.edge.lines import free_port, png, running, spec_in, until
from tests.edge.releases import release

asyncua = pytest.importorskip("asyncua", reason="needs asyncua")

POINT = PointSpec("top", trigger="control", acknowledge=True)


class Control:
    """A client of another process's kind: it knows the address and the names only."""

    def __init__(self, address):
        self.thread = AsyncThread("control")
        self.client = asyncua.Client(address)
        self.thread.run(self.client.connect())
        self.index = self.thread.run(self.client.get_namespace_index(NAMESPACE))

    def node(self, name):
        path = [f"{self.index}:top", f"{self.index}:{name}"]
        return self.thread.run(self.client.nodes.objects.get_child(path))

    def read(self, name):
        return self.thread.run(self.node(name).read_value())

    def write(self, name, value):
        kinds = asyncua.ua.VariantType
        kind = kinds.Boolean if isinstance(value, bool) else kinds.Int64
        self.thread.run(self.node(name).write_value(value, kind))

    def raise_(self, name):
        self.write(name, True)

    def close(self):
        self.thread.run(self.client.disconnect())
        self.thread.stop()


@pytest.fixture
def line(tmp_path):
    with running(spec_in(tmp_path, POINT), release(tmp_path, 3)) as station:
        transport = OpcUaTransport(station, OpcUaSpec(port=free_port()))
        transport.start()
        control = Control(transport.address)
        yield station, control, transport
        control.close()
        transport.stop()


def test_a_control_triggers_reads_and_acknowledges(line):
    station, control, _ = line
    assert control.read("TriggerReady")
    control.write("Custom", 55)
    control.write("Trigger", True)
    until(lambda: not control.read("TriggerReady"))
    station.point("top").push(Frame("p", png()))
    until(lambda: control.read("ResultsReady"))
    assert control.read("NG")
    assert not control.read("OK")
    assert control.read("Classification") in (0, 1)
    assert control.read("CustomEcho") == 55
    control.write("ResultsAck", True)
    until(lambda: control.read("TriggerReady"))
    assert control.read("Classification") == -1


def test_a_configuration_that_does_not_exist_is_an_error_and_ng(line):
    _, control, _ = line
    control.write("RequestConfigurationIndex", 4)
    until(lambda: control.read("Error"))
    assert control.read("NG")
    assert control.read("ErrorCode") == 5


def test_outputs_cannot_be_written_by_a_control(line):
    _, control, _ = line
    with pytest.raises(asyncua.ua.UaError, match=r"BadUserAccessDenied|NotWritable"):
        control.write("OK", True)
    assert not control.read("OK")


def test_a_port_that_is_taken_is_told(line):
    station, _, transport = line
    second = OpcUaTransport(station, transport._spec)
    with pytest.raises(StorageError, match="OPC UA cannot listen on"):
        second.start()
