"""Data sets by name: the course's planar ones, scikit-learn's, and files in a folder.

| name | examples | where from |
|---|---|---|
| flower | 400 | the planar flower of the course |
| circles | 300, test 100 | scikit-learn, noise .05: the initialisation experiment |
| noisy_circles, moons, blobs, quantiles | 200 | scikit-learn: the course's extra sets |
| breast_cancer, digits, iris, wine, diabetes | 150 to 1797 | scikit-learn, bundled |
| football | 211, test 200 | data.mat |
| cats | 209, test 50 | train_catvnoncat.h5, test_catvnoncat.h5 |
| mnist | 10,000 | mnist-t10k-images-idx3-ubyte.gz and its labels |

The made ones draw from generators of their own, seeded as the course seeds them, so
the published points come out and NumPy's global generator stays as it was. The last
three are read from a folder: an argument, or the environment variable JAXDNN_DATA.
"""

import gzip
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn._checks import check_choice
from jaxdnn._extras import require
from jaxdnn._refusals import public
from jaxdnn._shown import never_raises
from jaxdnn.data import bundled
from jaxdnn.data.within import within

Folder = str | os.PathLike[str] | None


@dataclass(frozen=True, eq=False)  # == of arrays is an array, not an answer
class Dataset:
    """Examples in columns with their targets and names.

    Attributes:
      name: what `load` calls it.
      X: (n_x, m) float64, as published: not standardised.
      Y: (1, m). Class numbers, int64, where class_names is given; else float64.
      feature_names: n_x names, one for each row of X.
      class_names: the name of class 0, 1, ...; None where the target is a number.
      X_test, Y_test: the published test part, where there is one.
      image_shape: what a column of X is to be reshaped to, where it is a picture.
    """

    name: str
    X: NDArray[np.float64]
    Y: NDArray[Any]
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] | None = None
    X_test: NDArray[np.float64] | None = None
    Y_test: NDArray[Any] | None = None
    image_shape: tuple[int, ...] | None = None

    @never_raises
    def __repr__(self) -> str:
        parts = [f"X {self.X.shape}, Y {self.Y.shape}"]
        if self.X_test is not None:
            parts.append(f"X_test {self.X_test.shape}")
        if self.class_names is not None:
            sizes = np.bincount(self.Y[0], minlength=len(self.class_names)).tolist()
            pairs = zip(self.class_names, sizes, strict=True)
            parts.append(", ".join(f"{name} {size}" for name, size in pairs))
        return f"Dataset {self.name}: {'; '.join(parts)}"


@public
def load(name: str, *, data_folder: Folder = None) -> Dataset:
    """The data set of that name.

    Args:
      name: a key of DATASETS.
      data_folder: where football, cats and mnist have their files; the environment
        variable JAXDNN_DATA when None. The others read no file.

    Raises:
      ValueError: no such name, or a damaged file.
      FileNotFoundError: a file is missing: which, where, and how to say where it is.
      ModuleNotFoundError: the library it needs is not installed.

    Example:
      >>> iris = load("iris")
      >>> iris.X.shape, iris.Y.shape, iris.class_names
      ((4, 150), (1, 150), ('setosa', 'versicolor', 'virginica'))
    """
    check_choice("name", name, DATASETS)
    make = DATASETS[name]
    return make(data_folder) if name in IN_FOLDER else make()


# ---- made from a seed --------------------------------------------------------------


def flower() -> Dataset:
    """The planar flower: eight petals, alternately of two classes, 400 points.

        t = linspace(3.12 j, 3.12 (j + 1), 200) + 0.2 noise      class j = 0, 1
        r = 4 sin 4t + 0.2 noise                    the point (r sin t, r cos t)

    Example:
      >>> flower().X[:, 0].round(4).tolist()
      [1.2044, 3.5761]
    """
    rng = np.random.RandomState(1)
    halves: list[NDArray[np.float64]] = []
    for j in (0, 1):
        t = np.linspace(3.12 * j, 3.12 * (j + 1), 200) + 0.2 * rng.randn(200)
        r = 4 * np.sin(4 * t) + 0.2 * rng.randn(200)
        halves.append(np.stack([r * np.sin(t), r * np.cos(t)]))
    return _planar("flower", np.hstack(halves).T, np.repeat([0, 1], 200))


def circles() -> Dataset:
    """The two circles of the initialisation experiment: 300 points and 100 to test.

    Example:
      >>> circles().Y[:, :10].tolist()
      [[1, 0, 1, 1, 0, 0, 1, 0, 1, 1]]
    """
    make_circles = require("sklearn.datasets").make_circles
    train = make_circles(300, noise=0.05, random_state=np.random.RandomState(1))
    test = make_circles(100, noise=0.05, random_state=np.random.RandomState(2))
    return _planar("circles", *train, test=test)


def extra_datasets(rng: np.random.RandomState | None = None) -> dict[str, Dataset]:
    """The course's extra planar sets, 200 points each, in the order it draws them.

    noisy_circles, moons, blobs (six centres, classes modulo 2), quantiles (of a
    Gaussian), and no_structure, which has nothing to learn: its target is two more
    uniform numbers, Y (2, 200).

    Args:
      rng: what all but blobs are drawn from, one after the other. The course leaves
        that to whatever state NumPy's global generator is in; here, when None, it is a
        new generator with seed 1.

    Example:
      >>> list(extra_datasets())
      ['noisy_circles', 'moons', 'blobs', 'quantiles', 'no_structure']
    """
    rng = np.random.RandomState(1) if rng is None else rng
    made = require("sklearn.datasets")
    noisy_circles = made.make_circles(200, factor=0.5, noise=0.3, random_state=rng)
    moons = made.make_moons(200, noise=0.2, random_state=rng)
    points, centres = made.make_blobs(200, centers=6, random_state=5)
    quantiles = made.make_gaussian_quantiles(
        cov=0.5, n_samples=200, n_features=2, n_classes=2, random_state=rng
    )
    no_structure = Dataset(
        "no_structure", rng.rand(200, 2).T, rng.rand(200, 2).T, ("x1", "x2")
    )
    return {
        "noisy_circles": _planar("noisy_circles", *noisy_circles),
        "moons": _planar("moons", *moons),
        "blobs": _planar("blobs", points, centres % 2),
        "quantiles": _planar("quantiles", *quantiles),
        "no_structure": no_structure,
    }


def _extra(name: str) -> Dataset:
    return extra_datasets()[name]


def _planar(
    name: str,
    points: NDArray[Any],
    labels: NDArray[Any],
    test: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> Dataset:
    X, Y = _columns(points, labels, 2)
    X_test, Y_test = _columns(*test, 2) if test else (None, None)
    return Dataset(name, X, Y, ("x1", "x2"), ("0", "1"), X_test, Y_test)


# ---- bundled with scikit-learn -----------------------------------------------------


def _bundled(name: str) -> Dataset:
    rows, labels, classes = bundled.table(name)
    X, Y = _columns(rows, labels, len(classes))
    return Dataset(name, X, Y, bundled.TABLES[name][1], classes)


def digits() -> Dataset:
    """Handwritten digits, 8x8 grey: X holds 0 to 16.

    Example:
      >>> digits().image_shape
      (8, 8)
    """
    return _pictures("digits", *bundled.digits())


def diabetes() -> Dataset:
    """What became of 442 patients' diabetes within a year, from ten measures.

    The only one of the bundled sets that scikit-learn scales, by its own means.

    Example:
      >>> diabetes().Y.shape
      (1, 442)
    """
    bunch = require("sklearn.datasets").load_diabetes()
    features = tuple(map(str, bunch.feature_names))
    return Dataset("diabetes", bunch.data.T, bunch.target[np.newaxis], features)


# ---- read from a folder ------------------------------------------------------------


def football(data_folder: Folder = None) -> Dataset:
    """Where on the field a header was won (data.mat): 211 points and 200 to test.

    Class 1 where one's own team won it, class 0 where the other did.

    Raises:
      FileNotFoundError, ValueError: data.mat is missing, or damaged.

    Example:
      >>> football("nowhere")  # doctest: +ELLIPSIS
      Traceback (most recent call last):
      FileNotFoundError: football: data.mat is not in nowhere; ...
    """
    (path,) = _find("football", data_folder, "data.mat")
    loadmat = require("scipy.io").loadmat
    with within(path, "MATLAB"):
        X, y, Xval, yval = _arrays(loadmat(path), "X", "y", "Xval", "yval")
        for key, points in (("X", X), ("Xval", Xval)):
            if points.ndim != 2 or points.shape[1] != 2:
                raise ValueError(f"{key} must have shape (m, 2), found {points.shape}")
        return _planar("football", X, y, test=(Xval, yval))


def cats(data_folder: Folder = None) -> Dataset:
    """Pictures, 64x64 in colour, with and without a cat: 209 and 50 to test.

    X holds pixels / 255, each picture's rows, columns and colours flattened in that
    order.

    Raises:
      FileNotFoundError, ValueError: train_catvnoncat.h5 or test_catvnoncat.h5 is
        missing, or damaged.

    Example:
      >>> cats("nowhere")  # doctest: +ELLIPSIS
      Traceback (most recent call last):
      FileNotFoundError: cats: train_catvnoncat.h5, test_catvnoncat.h5 are not in ...
    """
    paths = _find("cats", data_folder, "train_catvnoncat.h5", "test_catvnoncat.h5")
    X, Y, classes, image_shape = _read_cats(paths[0], "train")
    X_test, Y_test, *test_kind = _read_cats(paths[1], "test")
    if test_kind != [classes, image_shape]:
        raise ValueError(
            f"{paths[1]}: its classes and picture shape are {test_kind}, "
            f"those of {paths[0].name} are {[classes, image_shape]}"
        )
    features = _pixel_names(image_shape)
    return Dataset("cats", X, Y, features, classes, X_test, Y_test, image_shape)


def mnist(data_folder: Folder = None, *, stem: str = "mnist-t10k") -> Dataset:
    """Handwritten digits, 28x28 grey: X holds pixels / 255.

    Args:
      data_folder: where the two files are; JAXDNN_DATA when None.
      stem: how their names begin: STEM-images-idx3-ubyte.gz, STEM-labels-idx1-ubyte.gz.

    Raises:
      FileNotFoundError, ValueError: a file is missing, or damaged.

    Example:
      >>> mnist("nowhere", stem="train")  # doctest: +ELLIPSIS
      Traceback (most recent call last):
      FileNotFoundError: mnist: train-images-idx3-ubyte.gz, train-labels-idx1-ubyte...
    """
    names = (f"{stem}-images-idx3-ubyte.gz", f"{stem}-labels-idx1-ubyte.gz")
    images_path, labels_path = _find("mnist", data_folder, *names)
    images, labels = _read_idx(images_path, 3), _read_idx(labels_path, 1)
    with within(labels_path, "label"):
        return _pictures("mnist", images / 255, labels)


def _find(dataset: str, data_folder: Folder, *names: str) -> list[Path]:
    """The files of that data set, all there."""
    say_where = "say where by data_folder or the environment variable JAXDNN_DATA"
    folder = data_folder or os.environ.get("JAXDNN_DATA")
    if not folder:
        raise FileNotFoundError(f"{dataset}: needs {', '.join(names)}; {say_where}")
    paths = [Path(folder, name) for name in names]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise FileNotFoundError(
            f"{dataset}: {', '.join(missing)} {verb} not in {folder}; {say_where}"
        )
    return paths


def _arrays(container: Mapping[str, Any], *keys: str) -> list[NDArray[Any]]:
    missing = [key for key in keys if key not in container]
    if missing:
        raise ValueError(
            f"no {', '.join(missing)} in it; it has {', '.join(container)}"
        )
    return [np.asarray(container[key]) for key in keys]


def _read_cats(
    path: Path, part: str
) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[str, ...], tuple[int, ...]]:
    """X, Y, class names and picture shape of one of the two files."""
    h5py = require("h5py")
    with within(path, "HDF5"), h5py.File(path, "r") as file:
        keys = (f"{part}_set_x", f"{part}_set_y", "list_classes")
        images, labels, names = _arrays(file, *keys)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ValueError(
                f"{keys[0]} must be uint8 (m, height, width, 3), "
                f"found {images.dtype} {images.shape}"
            )
        classes = tuple(name.decode() for name in names)
        X, Y = _columns(images / 255, labels, len(classes))
        return X, Y, classes, images.shape[1:]


def _read_idx(path: Path, ndim: int) -> NDArray[np.uint8]:
    """The unsigned bytes of a gzipped idx file, the format MNIST is published in."""
    with within(path, "gzipped idx"):
        content = gzip.decompress(path.read_bytes())
        magic = bytes([0, 0, 8, ndim])
        if content[:4] != magic:
            raise ValueError(f"it begins {content[:4].hex()}, not {magic.hex()}")
        data = 4 + 4 * ndim
        shape = struct.unpack(f">{ndim}I", content[4:data])
        return np.frombuffer(content, np.uint8, offset=data).reshape(shape)


def _columns(
    examples: NDArray[Any], labels: NDArray[Any], classes: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(m, ...) examples and m class numbers as X (n_x, m) and Y (1, m)."""
    m = len(examples)
    if m == 0 or labels.size != m:
        raise ValueError(f"found {m} examples and {labels.size} labels")
    if not np.isin(labels, range(classes)).all():
        raise ValueError(
            f"labels must be 0 to {classes - 1}, found {np.unique(labels).tolist()}"
        )
    X = np.ascontiguousarray(examples.reshape(m, -1).T, dtype=np.float64)
    if not np.isfinite(X).all():
        raise ValueError("found numbers that are not finite")
    return X, labels.reshape(1, m).astype(np.int64)


def _pictures(name: str, images: NDArray[Any], labels: NDArray[Any]) -> Dataset:
    """Pictures (m, height, width) of the digits that the labels name."""
    X, Y = _columns(images, labels, 10)
    shape = images.shape[1:]
    classes = tuple(map(str, range(10)))
    return Dataset(name, X, Y, _pixel_names(shape), classes, image_shape=shape)


def _pixel_names(image_shape: tuple[int, ...]) -> tuple[str, ...]:
    return tuple("_".join(map(str, ("pixel", *i))) for i in np.ndindex(image_shape))


IN_FOLDER: Mapping[str, Callable[[Folder], Dataset]] = MappingProxyType(
    {"football": football, "cats": cats, "mnist": mnist}
)

DATASETS: Mapping[str, Callable[..., Dataset]] = MappingProxyType(
    {
        "flower": flower,
        "circles": circles,
        "noisy_circles": partial(_extra, "noisy_circles"),
        "moons": partial(_extra, "moons"),
        "blobs": partial(_extra, "blobs"),
        "quantiles": partial(_extra, "quantiles"),
        "breast_cancer": partial(_bundled, "breast_cancer"),
        "digits": digits,
        "iris": partial(_bundled, "iris"),
        "wine": partial(_bundled, "wine"),
        "diabetes": diabetes,
        **IN_FOLDER,
    }
)
