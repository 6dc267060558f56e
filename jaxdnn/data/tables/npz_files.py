"""NPZ files: X (m, n_x), one example a row, as columns x1, x2, ..., and y (m,)."""

import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from jaxdnn.data.tables.table import Columns


def read(path: Path, _: Collection[str]) -> Columns:
    """All columns."""
    if not zipfile.is_zipfile(path):
        raise ValueError("not an NPZ file, or a damaged one")
    with np.load(path, allow_pickle=False) as arrays:
        if "X" not in arrays:
            raise ValueError(f"no array X in it; it has {', '.join(arrays) or 'none'}")
        X = arrays["X"]
        y = arrays.get("y")
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"X must be numbers of shape (m, n_x), found {X.dtype} {X.shape}"
        )
    columns = {f"x{i}": x for i, x in enumerate(X.T.astype(np.float64), start=1)}
    if y is not None:
        if y.shape != X.shape[:1] or y.dtype.kind not in "biufU":
            raise ValueError(
                f"y must be numbers or text of shape ({X.shape[0]},), one for each row "
                f"of X, found {y.dtype} {y.shape}"
            )
        text = y.dtype.kind in "bU"
        columns["y"] = y.astype(str).astype(object) if text else y.astype(np.float64)
    return columns
