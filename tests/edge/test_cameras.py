import contextlib
import sys
import threading

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, MissingExtraError, NotFoundError
from pitmark.edge.cameras import NamedCamera, VideoCamera, camera_for
from pitmark.edge.device_spec import PointSpec, Source
from pitmark.edge.genicam import GenicamCamera
from pitmark.edge.handshake import Acknowledged, ErrorCode, Triggered
from tests.edge.lines import running, spec_in, until
from tests.edge.networks import part_image
from tests.edge.releases import release


class IoException(Exception):
    """What genicam.gentl raises when a cable is out: no error of Python's own kinds."""


class SimulatedHarvesters:
    """A GenTL producer with cameras that show what they are given, like harvesters.core.

    Unplugged, every call to the camera raises the library's own error; `hanging` is an event
    that a call waits for, as for a driver that has lost its camera.
    """

    def __init__(self, pictures, *, serials=("A1",)):
        self.pictures, self.serials, self.released = list(pictures), serials, 0
        self.unplugged, self.hanging = False, None

    def check(self):
        if self.unplugged:
            raise IoException("GC_ERR_IO: the device was disconnected")

    def Harvester(self):
        return SimulatedProducer(self)


class SimulatedProducer:
    def __init__(self, simulated):
        self.simulated = simulated

    def add_file(self, path):
        if not path.endswith(".cti"):
            raise OSError(f"{path} is no producer")

    def update(self):
        pass

    def create(self, wanted):
        self.simulated.check()
        if wanted and wanted["serial_number"] not in self.simulated.serials:
            raise ValueError("no such camera")
        return SimulatedAcquirer(self.simulated)

    def reset(self):
        self.simulated.released += 1


class SimulatedAcquirer:
    def __init__(self, simulated):
        self.simulated = simulated

    def start(self):
        pass

    def stop(self):
        self.simulated.check()

    def destroy(self):
        self.simulated.check()

    @contextlib.contextmanager
    def fetch(self, *, timeout):
        if self.simulated.hanging is not None:
            self.simulated.hanging.wait(60)
        self.simulated.check()
        if not self.simulated.pictures:
            raise TimeoutError(f"nothing within {timeout} s")
        picture = self.simulated.pictures.pop(0)
        yield SimulatedBuffer(picture)
        picture[:] = 0  # The buffer is used for the next picture.


class SimulatedBuffer:
    def __init__(self, picture):
        self.payload = self
        self.components = [self]
        self.data = picture.reshape(-1)
        self.height, self.width = picture.shape[:2]


def test_a_genicam_camera_gives_its_pictures_as_copies():
    grey, color = part_image(1), np.repeat(part_image(2)[..., None], 3, axis=2)
    simulated = SimulatedHarvesters([grey.copy(), color.copy()])
    camera = GenicamCamera("driver.cti#A1", harvesters=simulated)
    np.testing.assert_array_equal(camera.grab(1.0), grey)
    np.testing.assert_array_equal(camera.grab(1.0), color)
    with pytest.raises(NotFoundError, match="gave no picture within 1 s"):
        camera.grab(1.0)
    camera.close()
    assert simulated.released == 1


@pytest.mark.parametrize("at", ["driver.txt", "driver.cti#B7"])
def test_a_genicam_camera_that_is_not_there_is_told(at):
    with pytest.raises(NotFoundError, match="cannot be opened"):
        GenicamCamera(at, harvesters=SimulatedHarvesters([]))


def test_a_pixel_format_that_is_not_read_is_told():
    simulated = SimulatedHarvesters([np.zeros((4, 4), np.float32)])
    camera = GenicamCamera("driver.cti", harvesters=simulated)
    with pytest.raises(NotFoundError, match="1 values of float32 per pixel"):
        camera.grab(1.0)


def test_a_control_triggers_a_simulated_camera(tmp_path):
    simulated = SimulatedHarvesters([part_image(4), part_image(4, bright=False)])
    point = PointSpec(
        "top", Source("genicam", "driver.cti"), trigger="control", acknowledge=True
    )
    with running(spec_in(tmp_path, point), release(tmp_path, 3)) as station:
        station.feeds["top"].camera._open_camera = lambda: GenicamCamera(
            "driver.cti", harvesters=simulated
        )
        top = station.point("top")
        top.handle(Triggered())
        assert top.wait(lambda o: o.results_ready, 30).ng
        assert top.last.name == "top-00000001"


def simulated_station(tmp_path, simulated, **changes):
    """A device whose one point has the simulated camera."""
    point = PointSpec("top", Source("genicam", "driver.cti"), **changes)
    return with_camera(running(spec_in(tmp_path, point), release(tmp_path, 3)), simulated)


@contextlib.contextmanager
def with_camera(device, simulated):
    def open_camera(*_):
        return GenicamCamera("driver.cti", harvesters=simulated)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pitmark.edge.cameras.GenicamCamera", open_camera)
        with device as station:
            yield station


def test_a_control_gets_an_error_while_a_camera_is_unplugged_and_a_verdict_after(tmp_path):
    simulated = SimulatedHarvesters([part_image(4) for _ in range(3)])
    with simulated_station(tmp_path, simulated, trigger="control") as station:
        top = station.point("top")

        def triggered():
            top.wait(lambda o: o.trigger_ready, 30)
            number = top.handle(Triggered()).number
            outputs = top.wait(lambda o: o.results_ready, 30)
            assert outputs.number == number
            top.handle(Acknowledged())
            return outputs

        assert triggered().error_code == 0
        simulated.unplugged = True
        for _ in range(3):
            outputs = triggered()
            assert (outputs.error_code, outputs.ng) == (ErrorCode.NO_IMAGE, True)
            assert "IoException: GC_ERR_IO" in top.last.verdict.reason
        assert "IoException" in station.troubles["top"]
        assert not station.healthy
        simulated.unplugged = False
        outputs = triggered()
        assert (outputs.error_code, outputs.ng) == (0, True)
        assert top.last.verdict.outcome == "NG"
        assert station.healthy
    # Closed once unplugged, opened anew once plugged in, closed at the end.
    assert simulated.released >= 3


def test_a_line_goes_on_by_itself_when_its_camera_is_plugged_in_again(tmp_path):
    simulated = SimulatedHarvesters([part_image(4)])
    with simulated_station(tmp_path, simulated) as station:
        until(lambda: station.point("top").outputs.number == 1)
        simulated.unplugged = True
        until(lambda: "IoException" in station.troubles.get("top", ""))
        simulated.pictures += [part_image(5), part_image(6)]
        simulated.unplugged = False
        until(lambda: station.point("top").outputs.number == 3)
        assert station.point("top").last.verdict.outcome == "NG"


def test_a_driver_that_hangs_holds_up_nobody_and_its_late_picture_is_of_no_part():
    simulated = SimulatedHarvesters([part_image(1), part_image(2)])
    simulated.hanging = threading.Event()
    opened = []

    def open_camera():
        opened.append(GenicamCamera("d.cti", harvesters=simulated))
        return opened[-1]

    camera = NamedCamera("top", open_camera, grace_s=0.01)
    with pytest.raises(NotFoundError, match="did not come back within"):
        camera.grab(0.01)
    with pytest.raises(NotFoundError, match="has not come back from the last call"):
        camera.grab(0.01)
    release_it, simulated.hanging = simulated.hanging, None
    release_it.set()
    until(lambda: not camera._driver.hangs)
    camera._grace_s = 30
    frame = camera.grab(1.0)
    assert frame.name == "top-00000001"
    np.testing.assert_array_equal(frame.image, part_image(2))
    assert len(opened) == 2
    camera.close()


def test_a_camera_is_opened_anew_after_it_failed():
    opened = []

    def open_camera():
        pictures = [] if not opened else [part_image(1)]
        opened.append(GenicamCamera("d.cti", harvesters=SimulatedHarvesters(pictures)))
        return opened[-1]

    camera = NamedCamera("top", open_camera)
    with pytest.raises(NotFoundError, match="gave no picture"):
        camera.grab(0.1)
    assert camera.grab(0.1).name == "top-00000001"
    assert len(opened) == 2


@pytest.mark.parametrize(
    ("source", "module", "extra"),
    [
        (Source("usb", "0"), "cv2", "camera"),
        (Source("rtsp", "rtsp://127.0.0.1/x"), "cv2", "camera"),
        (Source("genicam", "d.cti"), "harvesters", "genicam"),
    ],
)
def test_a_driver_that_is_not_installed_is_told_with_what_to_install(
    monkeypatch, source, module, extra
):
    for name in (module, f"{module}.core"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=module) as caught:
        camera_for(source, "top").grab(0.1)
    assert f"pitmark[{extra}]" in caught.value.hint


def test_a_folder_is_no_camera():
    with pytest.raises(InvalidInputError, match="folder is no camera"):
        camera_for(Source("folder", "in"), "top")


def test_a_video_gives_pictures_red_first_and_ends(tmp_path):
    cv2 = pytest.importorskip("cv2", reason="needs OpenCV")
    path = str(tmp_path / "line.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 30, (64, 48))
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[..., 0] = 255  # OpenCV has blue first.
    for _ in range(2000):
        writer.write(blue)
    writer.release()
    camera = VideoCamera(path)
    picture = camera.grab(30)
    assert picture.shape == (48, 64, 3)
    assert picture[..., 2].mean() > 200
    assert picture[..., 0].mean() < 50
    camera.close()


def test_a_video_that_is_not_there_is_told(tmp_path):
    pytest.importorskip("cv2", reason="needs OpenCV")
    with pytest.raises(NotFoundError, match="cannot be opened"):
        VideoCamera(str(tmp_path / "absent.avi"))
