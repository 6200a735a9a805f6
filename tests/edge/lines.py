"""Devices for tests: a station with one or more points and a release, and a way to talk."""

import http.client
import io
import json
import socket
import threading
from contextlib import contextmanager

import pytest
from PIL import Image

from pitmark.edge.device_spec import DeviceSpec, ListenSpec, PointSpec, RecordSpec
from pitmark.edge.http_service import HttpService
from pitmark.edge.station import Station
from tests.edge.networks import part_image
from tests.edge.releases import release


def png(*, bright=True, seed=4):
    out = io.BytesIO()
    Image.fromarray(part_image(seed, bright=bright)).save(out, "PNG")
    return out.getvalue()


def spec_in(folder, *points, **changes):
    """A device whose records all count as far from doubtful."""
    return DeviceSpec(
        folder=folder / "device",
        points=points or (PointSpec("top"),),
        **{"record": RecordSpec(margin=0.0, sample_share=0.0), **changes},
    )


@contextmanager
def running(spec, bundle=None, **changes):
    """The device, started; stopped in the end."""
    station = Station(spec, **changes)
    if bundle is not None:
        for name in spec.releases:
            station.releases[name].activate(bundle)
    station.start()
    try:
        yield station
    finally:
        station.stop()


@contextmanager
def served(folder, *points, version=3, listen=None, **changes):
    """A running device with a release, and a function that calls it over HTTP.

    With `version` None it runs what lies in its folder.
    """
    bundle = None if version is None else release(folder, version)
    listen = listen or ListenSpec(port=0)
    with running(spec_in(folder, *points, **changes), bundle) as station:
        service = HttpService(station, listen)
        service.start()
        try:
            yield station, caller(service.port)
        finally:
            service.stop()


def caller(port):
    def call(method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            named = {k.replace("_", "-"): v for k, v in headers.items()}
            connection.request(method, path, data, named)
            answer = connection.getresponse()
            raw = answer.read()
            is_json = answer.headers["Content-Type"] == "application/json"
            return answer.status, json.loads(raw) if is_json else raw
        finally:
            connection.close()

    return call


def log_lines(folder):
    path = folder / "device" / "log" / "results.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def until(condition, *, seconds=30):
    """Wait for something another thread does; fails the test if it never comes."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it never came")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
