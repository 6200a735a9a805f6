"""The handshake over OPC UA; the device is the server.

Below Objects there is one object per point, named as in the points file, in the namespace
`urn:pitmark:edge`. TriggerReady, ResultsReady, OK, NG, Error, ErrorCode, Classification,
Configuration, Number, Missed and CustomEcho are read; Trigger, ResultsAck,
RequestConfigurationIndex (-1: none) and Custom are written by the control.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from pitmark.core.errors import StorageError
from pitmark.edge.async_thread import AsyncThread
from pitmark.edge.device_spec import OpcUaSpec
from pitmark.edge.extras import load_extra
from pitmark.edge.handshake import Levels, Outputs
from pitmark.edge.point import Point
from pitmark.edge.station import Station

NAMESPACE = "urn:pitmark:edge"
_LOOK_MS = 20
_INPUTS: dict[str, tuple[str, Any]] = {
    "Trigger": ("trigger", False),
    "ResultsAck": ("results_ack", False),
    "RequestConfigurationIndex": ("configuration", -1),
    "Custom": ("custom", 0),
}
# Results Ready is written last when it rises and first when it falls.
_OUTPUTS = {
    "OK": "ok",
    "NG": "ng",
    "Error": "error",
    "ErrorCode": "error_code",
    "Classification": "classification",
    "Configuration": "configuration",
    "Number": "number",
    "Missed": "missed",
    "CustomEcho": "custom",
    "TriggerReady": "trigger_ready",
    "ResultsReady": "results_ready",
}


class OpcUaTransport:
    """Serves the points of a device over OPC UA.

    Args:
        station: The device.
        spec: Where to listen.

    Raises:
        MissingExtraError: asyncua is not installed.
    """

    def __init__(self, station: Station, spec: OpcUaSpec) -> None:
        self._ua = load_extra("asyncua", "opcua", "OPC UA")
        self._station, self._spec = station, spec
        self._thread: AsyncThread | None = None
        self._server: Any = None
        self._nodes: dict[str, dict[str, Any]] = {}
        self._levels: dict[str, Levels] = {}
        self._inputs: dict[Any, tuple[str, str]] = {}
        self._told: dict[str, Outputs] = {}
        self._writing = asyncio.Lock()

    @property
    def address(self) -> str:
        """What a client connects to."""
        return f"opc.tcp://{self._spec.host}:{self._spec.port}/pitmark/"

    def start(self) -> None:
        """Begin to answer.

        Raises:
            StorageError: The port is taken, or the address is not of this machine.
        """
        self._thread = AsyncThread("opcua")
        try:
            self._thread.run(self._open())
        except OSError as exc:
            self._thread.stop()
            raise StorageError(
                f"OPC UA cannot listen on {self._spec.host}, port {self._spec.port}:"
                f" {exc.strerror}",
                hint="Another process may use the port; choose another one.",
            ) from exc
        for point in self._station.points.values():
            point.listen(self._changed)

    def stop(self) -> None:
        """Stop answering."""
        if self._thread is not None:
            self._thread.run(self._server.stop())
            self._thread.stop()

    def datachange_notification(self, node: Any, value: Any, _: Any) -> None:
        """Called by the library when a control has written a variable.

        Args:
            node: Which.
            value: What it holds now.
        """
        name, field = self._inputs[node.nodeid]
        kind = type(getattr(Levels(), field))
        if not isinstance(value, bool | int):
            return
        before = self._levels[name]
        self._levels[name] = replace(before, **{field: kind(value)})
        for event in self._levels[name].events_since(before):
            self._station.points[name].handle(event)

    async def _open(self) -> None:
        server = self._server = self._ua.Server()
        await server.init()
        server.set_endpoint(self.address)
        server.set_server_name(f"Pitmark {self._station.spec.name}")
        server.set_security_policy([self._ua.ua.SecurityPolicyType.NoSecurity])
        index = await server.register_namespace(NAMESPACE)
        for name, point in self._station.points.items():
            await self._add(index, name, point)
        await server.start()
        subscription = await server.create_subscription(_LOOK_MS, self)
        nodes = [n for held in self._nodes.values() for k, n in held.items() if k in _INPUTS]
        await subscription.subscribe_data_change(nodes)

    async def _add(self, index: int, name: str, point: Point) -> None:
        kinds = self._ua.ua.VariantType
        folder = await self._server.nodes.objects.add_object(index, name)
        held: dict[str, Any] = {}
        outputs = point.outputs
        given = {k: getattr(outputs, f) for k, f in _OUTPUTS.items()}
        given |= {k: default for k, (_, default) in _INPUTS.items()}
        for key, value in given.items():
            kind = kinds.Boolean if isinstance(value, bool) else kinds.Int64
            held[key] = await folder.add_variable(index, key, value, kind)
            if key in _INPUTS:
                await held[key].set_writable()
                self._inputs[held[key].nodeid] = (name, _INPUTS[key][0])
        self._nodes[name], self._levels[name] = held, Levels()
        self._told[name] = outputs

    def _changed(self, point: Point) -> None:
        if self._thread is not None and self._thread.loop.is_running():
            asyncio.run_coroutine_threadsafe(self._tell(point), self._thread.loop)

    async def _tell(self, point: Point) -> None:
        async with self._writing:
            name, fresh = point.spec.name, point.outputs
            old, self._told[name] = self._told[name], fresh
            order = list(_OUTPUTS.items())
            if not fresh.results_ready:
                order.reverse()
            for key, field in order:
                value = getattr(fresh, field)
                if value != getattr(old, field):
                    kinds = self._ua.ua.VariantType
                    kind = kinds.Boolean if isinstance(value, bool) else kinds.Int64
                    await self._nodes[name][key].write_value(value, kind)
