"""The files that scikit-learn brings, read without it: its import outlasts a small run.

Of a table, the first line says how many rows and columns there are and what the classes
are called; the last column is the class. What the columns are called its files do not
say.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.data.within import within

_NUCLEUS = (
    *("radius", "texture", "perimeter", "area", "smoothness", "compactness"),
    *("concavity", "concave points", "symmetry", "fractal dimension"),
)

# Data set -> its file, and what the columns of the file are called.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "breast_cancer": (
        "breast_cancer.csv",
        (
            *(f"mean {of}" for of in _NUCLEUS),
            *(f"{of} error" for of in _NUCLEUS),
            *(f"worst {of}" for of in _NUCLEUS),
        ),
    ),
    "iris": (
        "iris.csv",
        tuple(
            f"{part} {side} (cm)"
            for part in ("sepal", "petal")
            for side in ("length", "width")
        ),
    ),
    "wine": (
        "wine_data.csv",
        (
            *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium"),
            *("total_phenols", "flavanoids", "nonflavanoid_phenols"),
            *("proanthocyanins", "color_intensity", "hue"),
            *("od280/od315_of_diluted_wines", "proline"),
        ),
    ),
}


def table(name: str) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
    """The rows (m, n_x) of one of TABLES, their classes' numbers (m,) and names.

    Raises:
      ModuleNotFoundError: scikit-learn is not installed.
      ValueError, OSError: its file is damaged, or missing.

    Example:
      >>> rows, numbers, classes = table("iris")
      >>> rows.shape, numbers[:2].tolist(), classes
      ((150, 4), [0.0, 0.0], ('setosa', 'versicolor', 'virginica'))
    """
    path = _folder() / TABLES[name][0]
    with within(path, "CSV"), path.open() as lines:
        _, _, *classes = next(lines).strip().split(",")
        cells = np.loadtxt(lines, delimiter=",", ndmin=2)
    return cells[:, :-1], cells[:, -1], tuple(classes)


def digits() -> tuple[NDArray[Any], NDArray[Any]]:
    """Pictures (m, 8, 8) of handwritten digits, and the digits (m,).

    Raises:
      ModuleNotFoundError: scikit-learn is not installed.
      ValueError, OSError: its file is damaged, or missing.

    Example:
      >>> pictures, numbers = digits()
      >>> pictures.shape, numbers[:3].tolist()
      ((1797, 8, 8), [0.0, 1.0, 2.0])
    """
    path = _folder() / "digits.csv.gz"
    with within(path, "CSV"):
        cells = np.loadtxt(path, delimiter=",")
        return cells[:, :-1].reshape(-1, 8, 8), cells[:, -1]


def _folder() -> Path:
    """Where it keeps them."""
    # Where it is not there, `require` says how to install it.
    found = find_spec("sklearn") or require("sklearn").__spec__
    return Path(str(found and found.origin)).parent / "datasets" / "data"
