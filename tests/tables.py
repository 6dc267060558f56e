"""Small tables, files of them, and what they teach."""

import numpy as np
import pandas as pd

from jaxdnn.data.columns.kinds import Asked
from jaxdnn.data.learning import learn
from jaxdnn.data.parts import TRAIN
from jaxdnn.data.selecting import Selected, select
from jaxdnn.data.tables import Table


def table(**columns):
    """t.csv, with columns of numbers or of text."""
    cells = {
        name: np.array(values, object if isinstance(values[0], str) else np.float64)
        for name, values in columns.items()
    }
    return Table("t.csv", cells)


def learn_all(whole, *targets, **asked):
    """What all rows of a table teach; y is the target unless others are named."""
    rows = Selected([whole], select(whole, targets=targets or ["y"]))
    pieces = [(table, np.full(len(table), TRAIN)) for table in rows]
    return learn(pieces, rows.selection.targets, Asked(**asked))


def learned_from(asked=None, **columns):
    """The preprocessing that all rows of those columns teach; y is the target."""
    return learn_all(table(**columns), **(asked or {})).preprocessing


def pets(rows=60, seed=0):
    """Two kinds of columns, one of them constant, and a class that can be learnt."""
    rng = np.random.default_rng(seed)
    cat = rng.random(rows) < 0.5
    return pd.DataFrame(
        {
            "weight": np.where(cat, 4, 20) + rng.normal(size=rows),
            "coat": rng.choice(["long", "short"], rows),
            "legs": 4,
            "kind": np.where(cat, "cat", "dog"),
        }
    )


def numeric(frame):
    """As an NPZ file names its columns: x1, x2, y."""
    return frame.drop(columns="coat").set_axis(["x1", "x2", "y"], axis=1)


def save(frame, path):
    """Write a CSV, Parquet or NPZ file; its path."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        X, y = frame.iloc[:, :-1].to_numpy(), frame.iloc[:, -1].to_numpy(dtype=str)
        np.savez(path, X=X, y=y)
    return str(path)
