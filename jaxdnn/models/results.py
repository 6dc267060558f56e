"""What a training run leaves in its folder: all of it, or nothing.

manifest.json names the files of one run with their SHA-256. It goes before any of them
changes and comes when all are there, so a folder without it was left in between.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jaxdnn import History, plots
from jaxdnn._atomic import FolderLock, keep_names, naming, write
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.tables import Table
from jaxdnn.models.files import save_model
from jaxdnn.models.model import Model
from jaxdnn.models.scores import Scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_MODEL, _HISTORY, _MANIFEST = "model.safetensors", "history.csv", "manifest.json"
_REPORT = "report.html"
# What some runs leave and others do not.
_SOMETIMES = ("learning_curve.png", "confusion_matrix.png", "boundary.png", _REPORT)
_UNFINISHED = ".unfinished-"

# Of the grid that a boundary is drawn from: its points along an axis, its logits.
_RESOLUTION, _MOST_LOGITS = 300, 1 << 24


def check_writable(folder: Path, *, option: str = "--out") -> None:
    """Find out before the training that results could not be written after it.

    Raises:
      ValueError, OSError: in one line that names the option.

    Example:
      >>> check_writable(Path("runs/moons"))
    """
    if "\0" in str(folder):
        raise ValueError(f"{option} {str(folder)!r}: no path has a NUL in it")
    above = (folder, *folder.absolute().parents)
    for path in above:
        if path.is_symlink() and not path.exists():
            raise FileNotFoundError(f"{option} {folder}: {path} is a link to nothing")
    there = next(path for path in above if path.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"{option} {folder}: {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(f"{option} {folder}: {there} is not writable")
    for name in (_MODEL, _HISTORY, _MANIFEST, *_SOMETIMES):
        if (folder / name).is_dir():
            raise IsADirectoryError(f"{option} {folder}: {name} there is a folder")


def write_results(
    out: Path,
    model: Model,
    history: History,
    scores: Mapping[str, Scores],
    train: Table,
    *,
    report: Callable[[Mapping[str, bytes]], str] | None = None,
) -> list[Path]:
    """Write model.safetensors, history.csv, learning_curve.png and what fits the data.

    confusion_matrix.png of a target of classes, boundary.png if they lie in the plane,
    report.html where there is a report.
    All come into being in a folder out of sight and are moved when they are there;
    other runs that write here wait meanwhile.

    Args:
      out: the folder, made if missing.
      model: what was trained.
      history: what the training recorded.
      scores: of the parts of the rows; the last one's confusions are drawn.
      train: the rows it was trained on; they name the figures.
      report: makes a page of the figures' PNGs, by the names of their files.

    Returns:
      The files' paths.

    Raises:
      OSError: out is not a folder, not writable, or the disk is full.
    """
    figures = _figures(model, history, scores, train)
    with naming(out):
        out.mkdir(parents=True, exist_ok=True)
        with closing(FolderLock(out)):
            for dead in out.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(dead, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=out, prefix=_UNFINISHED) as folder:
                new = Path(folder)
                save_model(new / _MODEL, model)
                write(new / _HISTORY, _as_csv(history).encode())
                for file_name, figure in figures.items():
                    plots.save(figure, new / file_name)
                names = [_MODEL, _HISTORY, *figures]
                if report is not None:
                    pictures = {name: (new / name).read_bytes() for name in figures}
                    (new / _REPORT).write_text(report(pictures), encoding="utf-8")
                    names.append(_REPORT)
                return _moved(new, out, names)


def _figures(
    model: Model, history: History, scores: Mapping[str, Scores], train: Table
) -> dict[str, "Figure"]:
    """The figures that go with the data, by the names of their files."""
    name = Path(train.source).stem
    columns = model.preprocessing.columns
    [target, *others] = model.preprocessing.targets
    score = "accuracy" if target.classes else "R²"
    figures = {"learning_curve.png": _plot_history(history, score, title=name)}
    if others or not isinstance(target, Categories):
        return figures
    if scores:
        part = list(scores)[-1]
        found = scores[part].targets[target.name]
        figures["confusion_matrix.png"] = plots.plot_confusion_matrix(
            found.pairs,
            [each.name for each in found.classes],
            title=f"{name}, {part} part",
        )
    in_the_plane = [type(column) for column in columns] == [Numbers] * 2
    if in_the_plane and model.preprocessing.n_x == 2:
        figures["boundary.png"] = _plot_boundary(name, model, train, target)
    return figures


def _moved(new: Path, out: Path, names: list[str]) -> list[Path]:
    """The files of one run in the place of another's."""
    said = {
        name: hashlib.sha256((new / name).read_bytes()).hexdigest() for name in names
    }
    # Figures of an earlier run would be taken for this one's.
    stale = [name for name in _SOMETIMES if name not in names]
    for name in (_MANIFEST, *stale):
        (out / name).unlink(missing_ok=True)
    keep_names(out)
    moved = [(new / name).replace(out / name) for name in names]
    write(out / _MANIFEST, json.dumps({"sha256": said}, indent=2).encode() + b"\n")
    return moved


def _as_csv(history: History) -> str:
    """One line for each epoch; the names are those of History."""
    columns = {
        name: np.asarray(values)
        for name, values in vars(history).items()
        if np.ndim(values) == 1
    }
    lines = [",".join(["epoch", *columns])]
    for epoch, entry in enumerate(zip(*columns.values(), strict=True)):
        lines.append(",".join(map(str, [epoch, *entry])))
    return "\n".join([*lines, ""])


def _plot_history(history: History, score: str, title: str) -> "Figure":
    if history.validation_cost is None or history.validation_score is None:
        return plots.plot_cost(history.cost, title=title)
    return plots.plot_learning_curve(
        history.cost,
        history.validation_cost,
        history.validation_score,
        score=score,
        title=title,
    )


def _plot_boundary(
    name: str, model: Model, train: Table, target: Categories
) -> "Figure":
    columns = [c for c in model.preprocessing.columns if isinstance(c, Numbers)]
    x1, x2 = (column.name for column in columns)

    def predict_fn(X: NDArray[np.float64]) -> NDArray[np.int64]:
        grid = Table("grid", {x1: X[0], x2: X[1]})
        return target.index(model.predict(grid, probabilities=False).values)[np.newaxis]

    # Every point of the grid takes a logit of every class.
    points = (_MOST_LOGITS // len(target.categories)) ** 0.5
    return plots.plot_decision_boundary(
        predict_fn,
        np.stack([column.truth(train) for column in columns]),
        target.index(train.texts(target.name))[np.newaxis],
        feature_names=(x1, x2),
        class_names=target.categories,
        title=name,
        resolution=min(_RESOLUTION, max(40, int(points))),
    )
