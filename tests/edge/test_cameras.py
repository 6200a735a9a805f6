import contextlib
import sys

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, MissingExtraError, NotFoundError
from pitmark.edge.cameras import NamedCamera, VideoCamera, camera_for
from pitmark.edge.device_spec import PointSpec, Source
from pitmark.edge.genicam import GenicamCamera
from pitmark.edge.handshake import Triggered
from tests.edge.lines import running, spec_in
from tests.edge.networks import part_image
from tests.edge.releases import release


class SimulatedHarvesters:
    """A GenTL producer with cameras that show what they are given, like harvesters.core."""

    def __init__(self, pictures, *, serials=("A1",)):
        self.pictures, self.serials, self.released = list(pictures), serials, 0

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
        pass

    def destroy(self):
        pass

    @contextlib.contextmanager
    def fetch(self, *, timeout):
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
        station._cameras["top"]._open_camera = lambda: GenicamCamera(
            "driver.cti", harvesters=simulated
        )
        top = station.point("top")
        top.handle(Triggered())
        assert top.wait(lambda o: o.results_ready, 30).ng
        assert top.last.name == "top-00000001"


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
