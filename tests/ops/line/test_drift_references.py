from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.ops.line.drift_references import reference_images


def _image(name, **metadata):
    record = ImageRecord(name.ljust(64, "0"), 8, 8, "L", name, metadata=metadata)
    return LabeledImage(record, (), "test")


def _names(images):
    return [i.image.name for i in reference_images(images)]


def test_classes_in_folders_of_their_own_take_turns_as_they_did_on_the_line():
    images = [_image(f"{'dent' if n % 2 else 'good'}/{n:04d}.png") for n in range(60)]
    images.sort(key=lambda i: i.image.name)
    assert [n[-8:-4] for n in _names(images)] == [f"{n:04d}" for n in range(60)]


def test_the_time_of_images_goes_before_their_names():
    images = [_image(f"{n:04d}.png", time=f"2026-03-{60 - n:02d}") for n in range(40)]
    assert _names(images) == [f"{n:04d}.png" for n in reversed(range(40))]
