"""StableHLO: a network as a program that jax alone can run, for any number of rows.

    rows (m, c)  ->  AL (m, n_L), said (m, ·)

One row is one example. Standardising and one-hot are inside, the parameters are
constants. JAX reads what it wrote for six months at least, on the platforms named, and
on the reader's side nothing of this library is needed:

    exported = jax.export.deserialize(bytearray(open("model.stablehlo", "rb").read()))
    probabilities, labels = exported.call(rows)

References:
  https://docs.jax.dev/en/latest/export/export.html, compatibility guarantees.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, export
from numpy.typing import NDArray

from jaxdnn import Network, Parameters, propagation
from jaxdnn._atomic import write
from jaxdnn._checks import check_kind
from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError, public, shown
from jaxdnn.arrays import ArrayLike
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.dates import Dates
from jaxdnn.data.columns.kinds import Column
from jaxdnn.data.columns.numbers import numbers_of
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.export.comparing import Comparison, compare_pieces
from jaxdnn.export.runs import Figures, runs
from jaxdnn.export.subject import Subject
from jaxdnn.export.writing import check_free
from jaxdnn.models.model import Prediction

PLATFORMS = ("cpu", "cuda", "tpu")
_KNOWN = (*PLATFORMS, "rocm")


@public
def export_stablehlo(
    network: Network,
    params: Parameters,
    file: str | os.PathLike[str],
    *,
    preprocessing: Preprocessing | None = None,
    platforms: Sequence[str] = PLATFORMS,
    rows: ArrayLike | Table | Iterable[Table] | None = None,
    force: bool = False,
) -> Comparison:
    """Write the network as StableHLO, after it was read back and compared.

    Its rows are (m, n_x) numbers in the parameters' dtype, or with a preprocessing (m,
    c), a number for each of its columns in order: numbers as they are; of a category
    its place among `column.categories`, counted from 0, and -1 for none of them; NaN
    where a cell is missing. `stablehlo_rows` makes such rows of a table. float32 holds
    seven digits of a number before it is standardised; a float64 file needs x64 enabled
    in the reader.

    It gives AL (m, n_L) as `predict_proba` and said (m, ·) as `predict`, one row an
    example; numbers that were standardised come back in the target's own units. Rows
    with gaps, where the model was trained on none, get NaN and -1.

    Args:
      network, params: as for `predict`; activations and head may be of one's own.
        Where x64 is not enabled, float64 is taken as float32, an estimator's too.
      file: its name.
      preprocessing: of a model, where its columns are to be encoded inside.
      platforms: those that are to run it, this process's among them.
      rows: X (n_x, m), or with a preprocessing a Table, or pieces of one, to compare
        on; else drawn.
      force: whether it may replace a file that is there.

    Returns:
      How many rows were compared, and the largest difference.

    Raises:
      ValueError: the file is there already; parts that do not fit; a column of dates;
        what was read back says something else.
      OSError: it cannot be written.
      ModuleNotFoundError: flatbuffers is not installed.

    Example:
      >>> import tempfile
      >>> from pathlib import Path
      >>> network = Network((2, 3, 1))
      >>> params = jax.tree.map(
      ...     jnp.asarray,
      ...     [
      ...         (np.ones((3, 2), "f"), np.zeros((3, 1), "f")),
      ...         (np.ones((1, 3), "f"), np.zeros((1, 1), "f")),
      ...     ],
      ... )
      >>> path = Path(tempfile.mkdtemp()) / "model.stablehlo"
      >>> export_stablehlo(network, params, path, platforms=["cpu"]).rows
      64
      >>> AL, labels = jax.export.deserialize(path.read_bytes()).call(
      ...     np.zeros((5, 2), "f")
      ... )
      >>> AL.shape, labels.shape
      ((5, 1), (5, 1))
    """
    path = check_free(file, force=force)
    subject = Subject.admitted(network, params, preprocessing)
    for column in () if preprocessing is None else preprocessing.columns:
        if isinstance(column, Dates):
            raise BadValueError(
                f"column {column.name!r} is of dates, which a float32 does not hold: "
                "ONNX takes them; or train with --drop"
            )
    here = export.default_export_platform()
    if here not in platforms or not set(platforms) <= set(_KNOWN):
        raise BadValueError(
            f"platforms must be some of {', '.join(_KNOWN)}, among them {here}, on "
            f"which the program is compared, got {shown(platforms)}"
        )
    content = _program(subject, tuple(platforms))
    program = export.deserialize(bytearray(content))
    comparison = compare_pieces(
        subject.pieces(rows),
        lambda some: _found(program, subject, some),
        lambda some: _wanted(subject, some),
        subject.dtype,
    )
    write(path, content)
    return comparison


@public
def stablehlo_rows(preprocessing: Preprocessing, table: Table) -> NDArray[np.float64]:
    """(m, c) a table's cells as the numbers that an exported program takes.

    Raises:
      ValueError: a column is missing, or a cell is none of its kind.

    Example:
      >>> from jaxdnn.data.columns.numbers import Numbers
      >>> columns = (Categories("coat", ("long", "short")), Numbers("x", 0.0, 1.0))
      >>> cells = {"x": np.array([0.5]), "coat": np.array(["short"], dtype=object)}
      >>> stablehlo_rows(Preprocessing(columns, ()), Table("t", cells)).tolist()
      [[1.0, 0.5]]
    """
    check_kind("table", table, Table, "a Table")
    table = preprocessing.selected(table)
    return np.stack([_cells(c, table) for c in preprocessing.columns], axis=1)


def _cells(column: Column, table: Table) -> NDArray[np.float64]:
    """(m,) one column's cells."""
    if not isinstance(column, Categories):
        return numbers_of(table, column.name)
    texts = table.texts(column.name)
    places = column.index(texts)
    return np.where((places < 0) & (texts == ""), np.nan, places)


def _program(subject: Subject, platforms: tuple[str, ...]) -> bytes:
    """The serialised program, for a number of rows that is left open."""
    require("flatbuffers", extra="export")
    columns = subject.preprocessing
    width = subject.network.layer_dims[0] if columns is None else len(columns.columns)
    (m,) = export.symbolic_shape("m")
    rows = jax.ShapeDtypeStruct((m, width), subject.dtype)
    program = jax.jit(lambda rows: _answers(subject, rows))
    return bytes(export.export(program, platforms=platforms)(rows).serialize())


def _answers(subject: Subject, rows: Array) -> tuple[Array, Array]:
    """AL (m, n_L) and said (m, ·) of rows (m, c)."""
    columns, X, gaps = subject.preprocessing, rows.T, None
    if columns is not None:
        encoded = [
            _encoded(run, X[first : first + len(run)])
            for first, run in runs(columns.columns)
        ]
        # As the rows of the training were, whatever the parameters are.
        X = jnp.concatenate(encoded).astype(np.float32).astype(rows.dtype)
        gaps = jnp.isnan(rows.T).any(axis=0) if subject.refuses_gaps else None
    head = subject.network.head
    ZL, _ = propagation.forward(subject.network, subject.params, X)
    AL, said = head.output(ZL), head.decide(ZL)
    if columns is not None:
        said = subject.in_units(said)
    if gaps is not None:
        AL = jnp.where(gaps, jnp.nan, AL)
        said = jnp.where(gaps, jnp.nan if said.dtype.kind == "f" else -1, said)
    return AL.T, said.T


def _encoded(columns: Sequence[Any], cells: Array) -> Array:
    """(width, m) of a run of columns, cells (k, m), as `column.encode`."""
    if isinstance(columns[0], Categories):
        places = [jnp.arange(column.width, dtype=cells.dtype) for column in columns]
        pairs = zip(cells, places, strict=True)
        return jnp.concatenate(
            [
                (each[None, :] == known[:, None]).astype(cells.dtype)
                for each, known in pairs
            ]
        )
    figures = Figures.of(columns)
    gaps = jnp.isnan(cells)
    # The mean in two parts: one number of this dtype would not hold its digits.
    high = figures.mean.astype(cells.dtype)
    low = (figures.mean - high).astype(cells.dtype)
    apart = jax.lax.optimization_barrier(cells - high[:, None]) - low[:, None]
    scale = figures.scale.astype(cells.dtype)
    filled = ((figures.filler - figures.mean) / figures.scale).astype(cells.dtype)
    rows = jnp.where(gaps, filled[:, None], apart / scale[:, None])
    rows = jnp.where(figures.constant[:, None], 0, rows)
    return jnp.concatenate([rows, gaps.astype(cells.dtype)])[figures.order]


def _found(program: Any, subject: Subject, rows: Any) -> Prediction:
    """What the program says, one column an example."""
    if subject.preprocessing is None:
        cells = np.asarray(rows).T
    else:
        cells = stablehlo_rows(subject.preprocessing, rows)
    AL, said = program.call(cells.astype(subject.dtype))
    return Prediction(np.asarray(said).T, np.asarray(AL).T)


def _wanted(subject: Subject, rows: Any) -> Prediction:
    """What the network says itself."""
    said, AL = subject.answers(rows)
    return Prediction(subject.in_units(said), AL)
