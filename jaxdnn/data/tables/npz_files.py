"""NPZ files: X (m, n_x), one example a row, as columns x1, x2, ..., and y (m,)."""

import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from jaxdnn.data.tables.options import Reading
from jaxdnn.data.tables.table import Pieces


def read(path: Path, _: Collection[str], reading: Reading) -> Pieces:
    """All columns."""
    if not zipfile.is_zipfile(path):
        raise ValueError("not an NPZ file, or a damaged one")
    with np.load(path, allow_pickle=False) as arrays:
        if "X" not in arrays:
            raise ValueError(f"no array X in it; it has {', '.join(arrays) or 'none'}")
        X = arrays["X"]
        y = arrays.get("y")
        others = [name for name in arrays if name not in ("X", "y")]
        if y is None and others:
            raise ValueError(f"no array y in it, but {', '.join(others)}: call it y")
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"X must be numbers of shape (m, n_x), found {X.dtype} {X.shape}"
        )
    _check_exact("X", X)
    columns = {f"x{i}": x for i, x in enumerate(X.T.astype(np.float64), start=1)}
    if y is not None:
        if y.shape != X.shape[:1] or y.dtype.kind not in "biufU":
            raise ValueError(
                f"y must be numbers or text of shape ({X.shape[0]},), one for each row "
                f"of X, found {y.dtype} {y.shape}"
            )
        if y.dtype.kind in "bU":
            texts = np.strings.strip(y.astype(str)).astype(object)
            texts[np.isin(texts.astype(str), reading.missing)] = ""
            columns["y"] = texts
        else:
            _check_exact("y", y)
            columns["y"] = y.astype(np.float64)
    return columns, {}


def _check_exact(name: str, array: np.ndarray) -> None:
    """Refuse whole numbers that float64 cannot hold."""
    if array.dtype.kind not in "iu" or not array.size:
        return
    lost = array.astype(np.float64).astype(array.dtype) != array
    if lost.any():
        place = tuple(int(i) for i in np.argwhere(lost)[0])
        raise ValueError(
            f"{name}{list(place)} is {array[place]}, which float64 cannot hold"
        )
