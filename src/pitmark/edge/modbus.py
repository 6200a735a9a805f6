"""The handshake over Modbus TCP; the device is the server, the control asks and writes.

Point n (counted from 0, in the order of the points file) has the addresses 16 n and up:

    coils, written by the control      0 Trigger  1 Results Ack
    discrete inputs                    0 Trigger Ready  1 Results Ready  2 OK  3 NG  4 Error
    holding registers, written         0 Request Configuration Index (65535: none)  1 Custom
    input registers                    0 the discrete inputs as bits  1 Error Code
                                       2 Classification (65535: none)  3 Configuration
                                       4 Number  5 Missed  6 Custom

An inspection begins when Trigger rises, a verdict is acknowledged when Results Ack rises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pitmark.core.errors import StorageError
from pitmark.edge.async_thread import AsyncThread
from pitmark.edge.device_spec import ModbusSpec
from pitmark.edge.extras import load_extra
from pitmark.edge.handshake import Levels, Outputs
from pitmark.edge.point import Point
from pitmark.edge.station import Station

ADDRESSES = 16
NONE = 0xFFFF
_READ_INPUTS = 2
_READ_INPUT_REGISTERS = 4
_WRITE_COILS = frozenset({5, 15})


class ModbusTransport:
    """Serves the points of a device over Modbus TCP.

    Args:
        station: The device.
        spec: Where to listen; port 0 takes a free one.

    Raises:
        MissingExtraError: pymodbus is not installed.
    """

    def __init__(self, station: Station, spec: ModbusSpec) -> None:
        self._spec = spec
        self._simulator = load_extra("pymodbus.simulator", "plc", "Modbus TCP")
        self._library = load_extra("pymodbus.server", "plc", "Modbus TCP")
        self._points = list(station.points.values())
        self._levels = [Levels() for _ in self._points]
        self._thread: AsyncThread | None = None
        self._server: Any = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.transport.sockets[0].getsockname()[1])

    def start(self) -> None:
        """Begin to answer.

        Raises:
            StorageError: The port is taken, or the address is not of this machine.
        """
        self._thread = AsyncThread("modbus")
        try:
            listening = self._thread.run(self._listen())
        except OSError as exc:
            listening = False
            raise self._taken() from exc
        finally:
            if self._server is None or self._server.transport is None:
                self._thread.stop()
        if not listening:
            raise self._taken()

    def stop(self) -> None:
        """Stop answering."""
        if self._thread is not None and self._server is not None:
            self._thread.run(self._server.shutdown())
            self._thread.stop()

    def _taken(self) -> StorageError:
        return StorageError(
            f"Modbus TCP cannot listen on {self._spec.host}, port {self._spec.port}",
            hint="Another process may use the port; ports below 1024 need the right to it.",
        )

    async def _listen(self) -> bool:
        data, kinds = self._simulator.SimData, self._simulator.DataType
        size = len(self._points) * ADDRESSES
        bits = data(0, values=[False] * size, datatype=kinds.BITS)
        wishes = [0 if n % ADDRESSES else NONE for n in range(size)]
        device = self._simulator.SimDevice(
            0,
            simdata=(
                [bits],
                [bits],
                [data(0, values=wishes, datatype=kinds.REGISTERS)],
                [data(0, values=[0] * size, datatype=kinds.REGISTERS)],
            ),
            use_bit_addressing=True,
            action=self._act,
        )
        self._server = self._library.ModbusTcpServer(
            device, address=(self._spec.host, self._spec.port)
        )
        return bool(await self._server.listen())

    async def _act(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        values: Sequence[int] | None,
    ) -> None:
        """Called by the library before it reads or writes its registers."""
        if values:
            self._written(function in _WRITE_COILS, address, list(values))
            return
        fresh: list[int] = []
        if function == _READ_INPUTS:
            fresh = [_bits(p.outputs) for p in self._points]
        elif function == _READ_INPUT_REGISTERS:
            fresh = [w for p in self._points for w in _words(p)]
        registers[: len(fresh)] = fresh

    def _written(self, coils: bool, address: int, values: list[int]) -> None:
        fresh = list(self._levels)
        for place, value in enumerate(values, start=address):
            number, field = divmod(place, ADDRESSES)
            name = (_COILS if coils else _WISHES).get(field)
            if name is None or number >= len(fresh):
                continue
            given: Any = bool(value) if coils else int(value)
            if name == "configuration" and given == NONE:
                given = -1
            fresh[number] = replace(fresh[number], **{name: given})
        for number, point in enumerate(self._points):
            before, self._levels[number] = self._levels[number], fresh[number]
            for event in fresh[number].events_since(before):
                point.handle(event)


_COILS = {0: "trigger", 1: "results_ack"}
_WISHES = {0: "configuration", 1: "custom"}


def _bits(out: Outputs) -> int:
    flags = (out.trigger_ready, out.results_ready, out.ok, out.ng, out.error)
    return sum(int(flag) << place for place, flag in enumerate(flags))


def _words(point: Point) -> list[int]:
    out = point.outputs
    told = [
        _bits(out),
        out.error_code,
        out.classification,
        out.configuration,
        out.number,
        out.missed,
        out.custom,
    ]
    return [v & NONE for v in told] + [0] * (ADDRESSES - len(told))
