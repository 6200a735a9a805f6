"""Which ways to a control a device has been told to open."""

from __future__ import annotations

from typing import Protocol

from pitmark.edge.device_spec import DeviceSpec
from pitmark.edge.modbus import ModbusTransport
from pitmark.edge.mqtt import MqttTransport
from pitmark.edge.opcua import OpcUaTransport
from pitmark.edge.station import Station


class Transport(Protocol):
    """A way to a control."""

    def start(self) -> None:
        """Open it."""

    def stop(self) -> None:
        """Close it."""


def transports_for(spec: DeviceSpec, station: Station) -> list[Transport]:
    """The transports of a device, not started yet.

    Args:
        spec: Of the device.
        station: The same at work.

    Returns:
        Those that the spec asks for.

    Raises:
        MissingExtraError: The library of one is not installed.
    """
    out: list[Transport] = []
    if spec.modbus is not None:
        out.append(ModbusTransport(station, spec.modbus))
    if spec.mqtt is not None:
        out.append(MqttTransport(station, spec.mqtt))
    if spec.opcua is not None:
        out.append(OpcUaTransport(station, spec.opcua))
    return out
