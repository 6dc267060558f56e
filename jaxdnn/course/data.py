"""The notebooks' data sets, in the shapes their loaders return; labels are `Labels`."""

import os
from typing import Any

import numpy as np

from jaxdnn.course.admission import Matrix, admits
from jaxdnn.course.figures import scatter
from jaxdnn.data import datasets


class Labels(np.ndarray[Any, np.dtype[Any]]):
    """An array whose one number is a number, of whatever shape, as NumPy had it once.

    The planar notebook's accuracy is float(np.dot(Y, predictions.T) + ...), of (1, 1);
    others leave float to "%d". NumPy refuses that by now, but leaves it to a kind of
    array of its own: what is computed from Y is of Y's kind.

    Example:
      >>> Y = np.array([[1, 0, 1]]).view(Labels)
      >>> float(np.dot(Y, np.array([[True, False, True]]).T) / 3 * 100)
      66.66666666666666
      >>> "Accuracy: %d%%" % (np.dot(Y, Y.T) / 2 * 100)
      'Accuracy: 100%'
      >>> type(Y.sum()), type(np.mean(Y == 1))
      (<class 'numpy.int64'>, <class 'numpy.float64'>)
    """

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def __array_wrap__(self, array: Any, *options: Any) -> Any:
        """Sums and means of all labels are NumPy's numbers, as those of any array."""
        return super().__array_wrap__(array, *options)[()]


def load_planar_dataset() -> tuple[Matrix, Matrix]:
    """The flower: X (2, 400), Y (1, 400).

    Example:
      >>> X, Y = load_planar_dataset()
      >>> X.shape, Y.shape
      ((2, 400), (1, 400))
    """
    flower = datasets.flower()
    return flower.X, flower.Y.view(Labels)


def load_extra_datasets() -> tuple[tuple[Matrix, Matrix], ...]:
    """noisy_circles, noisy_moons, blobs, gaussian_quantiles, no_structure.

    The notebook draws them from whatever state NumPy's generator is in; these come from
    seed 1. The labels of blobs are modulo 2 already.

    Returns:
      Points (200, 2) and labels (200,) of each; of the last, two more numbers (200, 2).

    Raises:
      ModuleNotFoundError: scikit-learn is not installed.

    Example:
      >>> [points.shape for points, labels in load_extra_datasets()]
      [(200, 2), (200, 2), (200, 2), (200, 2), (200, 2)]
    """
    *labelled, no_structure = datasets.extra_datasets().values()
    return (
        *((data.X.T, data.Y[0].view(Labels)) for data in labelled),
        (no_structure.X.T, no_structure.Y.T),
    )


def load_dataset() -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """The circles of the initialisation notebook, with a scatter plot.

    Returns:
      train_X (2, 300), train_Y (1, 300), test_X (2, 100), test_Y (1, 100).

    Raises:
      ModuleNotFoundError: scikit-learn is not installed.

    Example:
      >>> [array.shape for array in load_dataset()]
      [(2, 300), (1, 300), (2, 100), (1, 100)]
    """
    return _scattered(datasets.circles())


@admits()
def load_2D_dataset(
    data_folder: datasets.Folder = None,
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """The football data of the regularisation notebook, with a scatter plot.

    Args:
      data_folder: where data.mat is; JAXDNN_DATA, or else the notebook's own folder
        "datasets", if None.

    Returns:
      train_X (2, 211), train_Y (1, 211), test_X (2, 200), test_Y (1, 200).

    Raises:
      FileNotFoundError, ValueError: data.mat is missing, or damaged.

    Example:
      >>> load_2D_dataset("nowhere")
      Traceback (most recent call last):
      FileNotFoundError: football: data.mat is not in nowhere; ...
    """
    return _scattered(datasets.football(_folder(data_folder)))


@admits()
def load_data(
    data_folder: datasets.Folder = None,
) -> tuple[Matrix, Matrix, Matrix, Matrix, Matrix]:
    """The pictures of the cats application, as uint8.

    Args:
      data_folder: where train_catvnoncat.h5 and test_catvnoncat.h5 are; JAXDNN_DATA, or
        else the notebook's own folder "datasets", if None.

    Returns:
      train_x_orig (209, 64, 64, 3), train_y (1, 209), test_x_orig (50, 64, 64, 3),
      test_y (1, 50), and classes (2,), their names as bytes.

    Raises:
      FileNotFoundError, ValueError: a file is missing, or damaged.
      ModuleNotFoundError: h5py is not installed.

    Example:
      >>> load_data("nowhere")
      Traceback (most recent call last):
      FileNotFoundError: cats: train_catvnoncat.h5, test_catvnoncat.h5 are not in ...
    """
    cats: Any = datasets.cats(_folder(data_folder))
    train_x, test_x = (
        np.rint(255 * X).astype(np.uint8).T.reshape(-1, *cats.image_shape)
        for X in (cats.X, cats.X_test)
    )
    classes = np.array([name.encode() for name in cats.class_names])
    train_y, test_y = cats.Y.view(Labels), cats.Y_test.view(Labels)
    return train_x, train_y, test_x, test_y, classes


def _folder(data_folder: datasets.Folder) -> datasets.Folder:
    return data_folder or os.environ.get("JAXDNN_DATA") or "datasets"


def _scattered(data: Any) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    scatter(data.X, data.Y)
    return data.X, data.Y.view(Labels), data.X_test, data.Y_test.view(Labels)
