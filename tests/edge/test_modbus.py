import pytest

from pitmark.core.errors import StorageError
from pitmark.edge.device_spec import ModbusSpec, PointSpec
from pitmark.edge.modbus import ModbusTransport
from pitmark.edge.parts import Frame
from pitmark.edge.recipe import Recipe
from tests.edge.lines import png, running, spec_in, until
from tests.edge.releases import release

client_of = pytest.importorskip("pymodbus.client", reason="needs pymodbus").ModbusTcpClient

POINTS = tuple(
    PointSpec(name, trigger="control", acknowledge=True, recipes=(Recipe(), Recipe(index=2)))
    for name in ("top", "side")
)
READY, RESULTS, OK, NG, ERROR = range(5)


@pytest.fixture
def line(tmp_path):
    """A device with two points, and a control connected to it over Modbus TCP."""
    with running(spec_in(tmp_path, *POINTS), release(tmp_path, 3)) as station:
        transport = ModbusTransport(station, ModbusSpec(port=0))
        transport.start()
        client = client_of("127.0.0.1", port=transport.port)
        assert client.connect()
        yield station, client
        client.close()
        transport.stop()


def flags(client, point=0):
    return client.read_discrete_inputs(16 * point, count=5).bits[:5]


def words(client, point=0):
    return client.read_input_registers(16 * point, count=7).registers


def raised(client, coil, point=0):
    client.write_coil(16 * point + coil, True)
    client.write_coil(16 * point + coil, False)


def test_a_control_triggers_reads_and_acknowledges(line):
    station, client = line
    assert flags(client) == [True, False, False, False, False]
    client.write_register(1, 1234)
    raised(client, 0)
    assert flags(client)[READY] is False
    station.point("top").push(Frame("p", png()))
    until(lambda: flags(client)[RESULTS])
    assert flags(client) == [False, True, False, True, False]
    assert words(client)[0] == 0b01010
    assert words(client)[1] == 0
    assert words(client)[2] in (0, 1)
    assert words(client)[4:] == [1, 0, 1234]
    raised(client, 1)
    assert flags(client) == [True, False, False, False, False]
    assert words(client)[2] == 0xFFFF


def test_points_lie_sixteen_addresses_apart(line):
    station, client = line
    raised(client, 0, point=1)
    station.point("side").push(Frame("p", png(bright=False)))
    until(lambda: flags(client, 1)[RESULTS])
    assert flags(client, 1)[OK]
    assert flags(client, 0) == [True, False, False, False, False]


def test_a_trigger_that_is_held_triggers_once(line):
    station, client = line
    client.write_coil(0, True)
    client.write_coil(0, True)
    station.point("top").push(Frame("p", png()))
    until(lambda: flags(client)[RESULTS])
    raised(client, 1)
    assert flags(client)[READY]
    assert words(client)[4:6] == [1, 0]


def test_a_trigger_too_early_is_an_error_and_ng(line):
    _, client = line
    raised(client, 0)
    raised(client, 0)
    assert words(client)[5] == 1


def test_a_configuration_is_asked_for_by_a_register(line):
    _, client = line
    client.write_register(0, 2)
    until(lambda: words(client)[3] == 2)
    client.write_registers(0, [9, 0])
    until(lambda: flags(client)[ERROR])
    assert flags(client)[NG]
    assert words(client)[1] == 5


def test_an_address_beyond_the_points_is_refused_and_one_without_use_is_not_taken(line):
    _, client = line
    assert client.read_input_registers(64, count=1).isError()
    assert not client.write_coils(2, [True] * 4).isError()
    assert flags(client)[READY]


def test_a_port_that_is_taken_is_told(line, tmp_path):
    station, client = line
    second = ModbusTransport(station, ModbusSpec(port=client.comm_params.port))
    with pytest.raises(StorageError, match="Modbus TCP cannot listen on"):
        second.start()
