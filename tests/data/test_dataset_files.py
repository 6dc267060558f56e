"""Data sets read from files: found, whole, of the right shape, or refused by name."""

import gzip
import re
import struct
import sys

import h5py
import numpy as np
import pytest
import scipy.io

from jaxdnn.data import datasets
from jaxdnn.data.datasets import IN_FOLDER, Dataset, load

# Those that scikit-learn makes, or scales, and those that are read from its files.
MADE = ("circles", "noisy_circles", "moons", "blobs", "quantiles", "diabetes")
BUNDLED = ("breast_cancer", "digits", "iris", "wine")


def write_football(folder, **changes):
    points = np.arange(8.0).reshape(4, 2)
    labels = np.array([[0], [1], [1], [0]], np.uint8)
    arrays = {"X": points, "y": labels, "Xval": points[:2], "yval": labels[:2]}
    arrays |= changes
    scipy.io.savemat(
        folder / "data.mat", {k: v for k, v in arrays.items() if v is not None}
    )


def write_cats(folder, part="test", **changes):
    for name in ("train", "test"):
        arrays = {
            "set_x": np.arange(36, dtype=np.uint8).reshape(3, 2, 2, 3),
            "set_y": np.array([0, 1, 1]),
            "list_classes": np.array([b"non-cat", b"cat"]),
        }
        arrays |= changes if name == part else {}
        with h5py.File(folder / f"{name}_catvnoncat.h5", "w") as file:
            for key, value in arrays.items():
                if value is not None:
                    full = key if key == "list_classes" else f"{name}_{key}"
                    file[full] = value


def idx(magic, shape, values):
    content = bytes(magic) + struct.pack(f">{len(shape)}I", *shape) + bytes(values)
    return gzip.compress(content)


def write_mnist(folder, images=None, labels=None):
    images = images or idx([0, 0, 8, 3], (2, 2, 3), range(12))
    labels = labels or idx([0, 0, 8, 1], (2,), [9, 4])
    (folder / "mnist-t10k-images-idx3-ubyte.gz").write_bytes(images)
    (folder / "mnist-t10k-labels-idx1-ubyte.gz").write_bytes(labels)


WRITE = {"football": write_football, "cats": write_cats, "mnist": write_mnist}
FILES = {
    "football": ["data.mat"],
    "cats": ["train_catvnoncat.h5", "test_catvnoncat.h5"],
    "mnist": ["mnist-t10k-images-idx3-ubyte.gz", "mnist-t10k-labels-idx1-ubyte.gz"],
}


def test_small_football(tmp_path):
    write_football(tmp_path)
    data = load("football", data_folder=tmp_path)
    assert data.X.tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert data.Y.tolist() == [[0, 1, 1, 0]]
    assert data.X_test.tolist() == [[0, 2], [1, 3]]
    assert data.Y_test.tolist() == [[0, 1]]


def test_small_cats(tmp_path):
    write_cats(tmp_path)
    data = load("cats", data_folder=tmp_path)
    assert data.X[:, 1].tolist() == [pixel / 255 for pixel in range(12, 24)]
    assert data.Y.tolist() == [[0, 1, 1]]
    assert data.image_shape == (2, 2, 3)
    assert data.feature_names[:4] == (
        "pixel_0_0_0",
        "pixel_0_0_1",
        "pixel_0_0_2",
        "pixel_0_1_0",
    )


def test_small_mnist(tmp_path):
    write_mnist(tmp_path)
    data = load("mnist", data_folder=tmp_path)
    assert data.X[:, 1].tolist() == [pixel / 255 for pixel in range(6, 12)]
    assert data.Y.tolist() == [[9, 4]]
    assert data.image_shape == (2, 3)


def test_mnist_by_another_stem(tmp_path):
    write_mnist(tmp_path)
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / path.name.replace("mnist-t10k", "train"))
    assert datasets.mnist(tmp_path, stem="train").Y.tolist() == [[9, 4]]


@pytest.mark.parametrize("name", IN_FOLDER)
def test_the_environment_variable_names_the_folder(name, tmp_path, monkeypatch):
    WRITE[name](tmp_path)
    monkeypatch.setenv("JAXDNN_DATA", str(tmp_path))
    assert isinstance(load(name), Dataset)
    with pytest.raises(FileNotFoundError, match="elsewhere"):  # the argument wins
        load(name, data_folder=tmp_path / "elsewhere")


@pytest.mark.parametrize("name", IN_FOLDER)
def test_no_folder_at_all(name, monkeypatch):
    monkeypatch.delenv("JAXDNN_DATA", raising=False)
    with pytest.raises(FileNotFoundError) as caught:
        load(name)
    assert str(caught.value) == (
        f"{name}: needs {', '.join(FILES[name])}; say where by data_folder or the "
        "environment variable JAXDNN_DATA"
    )


@pytest.mark.parametrize(
    ("name", "missing"), [(name, file) for name in FILES for file in FILES[name]]
)
def test_the_missing_file_is_named(name, missing, tmp_path):
    WRITE[name](tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(FileNotFoundError) as caught:
        load(name, data_folder=tmp_path)
    assert str(caught.value) == (
        f"{name}: {missing} is not in {tmp_path}; say where by data_folder or the "
        "environment variable JAXDNN_DATA"
    )


@pytest.mark.parametrize(
    ("name", "damaged"), [(name, file) for name in FILES for file in FILES[name]]
)
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"<html>404: not found</html>" * 40,
        lambda content: content[: len(content) // 2],
    ],
    ids=["empty", "another format", "cut off"],
)
def test_a_damaged_file_is_named(name, damaged, damage, tmp_path):
    WRITE[name](tmp_path)
    path = tmp_path / damaged
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: damaged "):
        load(name, data_folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("football", {"Xval": None}, r"data\.mat.*no Xval in it; it has .*X, y, yval"),
        ("football", {"X": np.ones((4, 3))}, r"X must have shape \(m, 2\).*\(4, 3\)"),
        ("football", {"X": np.full((4, 2), np.nan)}, "not finite"),
        ("football", {"X": np.array([["a", "b"]])}, r"data\.mat: damaged MATLAB"),
        ("football", {"y": np.ones((3, 1))}, "4 examples and 3 labels"),
        ("football", {"y": np.full((4, 1), 2)}, r"labels must be 0 to 1, found \[2\]"),
        ("football", {"X": np.ones((0, 2))}, "0 examples"),
        ("cats", {"set_x": None}, r"test_cat.*h5.*no test_set_x in it; it has list_cl"),
        ("cats", {"set_x": np.ones((3, 2, 2, 3))}, "test_set_x must be uint8"),
        ("cats", {"set_x": np.ones((3, 12), np.uint8)}, r"found uint8 \(3, 12\)"),
        ("cats", {"set_x": np.ones((3, 1, 2, 3), np.uint8)}, "picture shape are"),
        ("cats", {"set_y": np.array([0, 1])}, "3 examples and 2 labels"),
        ("cats", {"set_y": np.array([0, 1, 5])}, "labels must be 0 to 1"),
        ("cats", {"list_classes": np.array([b"dog", b"cat"])}, "classes and picture"),
        ("cats", {"list_classes": np.array([1, 2])}, "damaged HDF5"),
        ("mnist", {"images": idx([0, 0, 13, 3], (2, 2, 3), range(12))}, "00000d03, no"),
        (
            "mnist",
            {"images": idx([0, 0, 8, 1], (2,), [9, 4])},
            "00000801, not 00000803",
        ),
        (
            "mnist",
            {"images": idx([0, 0, 8, 3], (2, 2, 4), range(12))},
            r"images.*damag",
        ),
        ("mnist", {"labels": idx([0, 0, 8, 1], (3,), [1, 2, 3])}, "2 examples and 3 l"),
        (
            "mnist",
            {"labels": idx([0, 0, 8, 1], (2,), [1, 10])},
            "labels must be 0 to 9",
        ),
    ],
)
def test_what_does_not_fit_is_said(name, changes, said, tmp_path):
    WRITE[name](tmp_path, **changes)
    with pytest.raises(ValueError, match=said) as caught:
        load(name, data_folder=tmp_path)
    assert str(tmp_path) in str(caught.value)


# ---- missing libraries -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "module", "library"),
    [
        *[(name, "sklearn.datasets", "scikit-learn") for name in MADE],
        *[(name, "sklearn", "scikit-learn") for name in BUNDLED],
        ("cats", "h5py", "h5py"),
    ],
)
def test_a_missing_library_gets_one_line(name, module, library, tmp_path, monkeypatch):
    write_cats(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        load(name, data_folder=tmp_path)
    assert str(caught.value) == (
        f"jaxdnn: this needs {library}; install it with: pip install 'jaxdnn[app]'"
    )


@pytest.mark.parametrize("name", ["flower", "football", "mnist"])
def test_what_needs_no_extra_library_asks_for_none(name, tmp_path, monkeypatch):
    for module in ("sklearn", "sklearn.datasets", "h5py", "matplotlib"):
        monkeypatch.setitem(sys.modules, module, None)
    if name in WRITE:
        WRITE[name](tmp_path)
    assert load(name, data_folder=tmp_path).name == name
