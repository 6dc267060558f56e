"""What a training run leaves in its folder: all of it, or nothing."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn.app import plots
from jaxdnn.app.files import save_model
from jaxdnn.app.models import Model
from jaxdnn.app.preprocessing import Categories, Numbers
from jaxdnn.app.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_writable(out: Path) -> None:
    """Find out before the training that results could not be written after it.

    Raises:
      NotADirectoryError, PermissionError: in one line that names --out.

    Example:
      >>> check_writable(Path("runs/moons"))
    """
    there = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"--out {out}: {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(f"--out {out}: {there} is not writable")


def write_results(
    out: Path, model: Model, costs: NDArray[Any], train: Table
) -> list[Path]:
    """Write model.safetensors, history.csv, cost.png and, in the plane, boundary.png.

    They come into being in a folder out of sight and are moved when all are there.

    Args:
      out: the folder, made if missing.
      model: what was trained.
      costs: (epochs,), the cost before each update.
      train: the rows it was trained on; they name the figures.

    Returns:
      The files' paths.

    Raises:
      OSError: out is not a folder, not writable, or the disk is full.
    """
    name = Path(train.source).stem
    figures = {"cost.png": plots.plot_cost(costs, title=name)}
    kinds = [type(column) for column in model.preprocessing.columns]
    target = model.preprocessing.target
    if kinds == [Numbers] * 2 and isinstance(target, Categories):
        figures["boundary.png"] = _plot_boundary(name, model, train, target)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".unfinished-") as folder:
        new = Path(folder)
        save_model(new / "model.safetensors", model)
        lines = (f"{epoch},{J}\n" for epoch, J in enumerate(costs))
        (new / "history.csv").write_text("epoch,cost\n" + "".join(lines))
        for file_name, figure in figures.items():
            plots.save(figure, new / file_name)
        if "boundary.png" not in figures:
            # An earlier run's would be taken for this one's.
            (out / "boundary.png").unlink(missing_ok=True)
        names = ["model.safetensors", "history.csv", *figures]
        return [(new / file_name).replace(out / file_name) for file_name in names]


def _plot_boundary(
    name: str, model: Model, train: Table, target: Categories
) -> "Figure":
    x1, x2 = (column.name for column in model.preprocessing.columns)

    def predict_fn(X: NDArray[Any]) -> NDArray[Any]:
        grid = Table("grid", {x1: X[0], x2: X[1]})
        return target.index(model.predict(grid).values)[np.newaxis]

    return plots.plot_decision_boundary(
        predict_fn,
        np.stack([train.columns[x1], train.columns[x2]]),
        target.index(train.columns[target.name])[np.newaxis],
        feature_names=(x1, x2),
        class_names=target.categories,
        title=name,
    )
