"""Which rows pull hardest at a trained model, and how noisy their gradients are.

A row whose target is wrong, or that is like no other, still has a long gradient when
training is over: the others agree, and it does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.linalg import norm
from numpy.typing import NDArray

from jaxdnn import cost_and_gradients, gradient_noise_scale, per_example_norms
from jaxdnn._checks import check_kind
from jaxdnn._refusals import public
from jaxdnn._shown import by_field
from jaxdnn.data.tables import Table
from jaxdnn.models.model import Model


@dataclass(frozen=True)
class Inspection:
    """What the gradients of m rows say, at a model's parameters, L2 left out.

    Attributes:
      rows: (m,) the numbers that people give them, in the order of the file.
      norms: (m,) of each row's own gradient.
      truth, said: (t, m) what each target is, and what the model says.
      noise_scale: the batch size of as much noise as signal, inf where the rows do not
        tell, NaN where a gradient is not finite; None of a single row.
      layers: the norm of the mean gradient's dW_l and db_l together, for each layer.
    """

    rows: NDArray[np.int64]
    norms: NDArray[np.floating]
    truth: NDArray[Any]
    said: NDArray[Any]
    noise_scale: float | None
    layers: tuple[float, ...]

    def __repr__(self) -> str:
        return by_field(self)

    @property
    def batch_size(self) -> int | None:
        """The power of two next to the noise scale, of at most m; None without one.

        Example:
          >>> none = np.zeros((1, 100))
          >>> Inspection(np.arange(100), none[0], none, none, 37.5, ()).batch_size
          32
        """
        if self.noise_scale is None or not np.isfinite(self.noise_scale):
            return None
        next_to = 2 ** round(np.log2(max(self.noise_scale, 1.0)))
        return min(next_to, len(self.rows))

    def longest(self, count: int) -> NDArray[np.int64]:
        """Where the rows of the longest gradients are, the longest first.

        Example:
          >>> none = np.zeros((1, 3))
          >>> norms = np.array([0.1, 3.0, 0.2])
          >>> found = Inspection(np.arange(3), norms, none, none, None, ())
          >>> found.longest(2).tolist()
          [1, 2]
        """
        return np.argsort(-self.norms, kind="stable")[:count]


@public
def inspect_rows(model: Model, tables: Iterable[Table]) -> Inspection:
    """Look at the rows that have a target; they are held in memory.

    Args:
      model: that was trained on such rows.
      tables: the rows, or pieces of them.

    Raises:
      ValueError: a table is not like the one the model was trained on, or lacks the
        target; no rows.

    Example:
      >>> from jaxdnn import Layer, Network
      >>> from jaxdnn.data.columns.numbers import Numbers
      >>> from jaxdnn.data.preprocessing import Preprocessing
      >>> columns = Preprocessing((Numbers("x", 0, 1),), (Numbers("y", 0, 1),))
      >>> params = (Layer(np.ones((1, 1)), np.zeros((1, 1))),)
      >>> model = Model(Network((1, 1), output="identity"), params, columns)
      >>> rows = {"x": np.array([0.0, 0.0]), "y": np.array([0.0, 2.0])}
      >>> inspect_rows(model, [Table("t", rows)]).norms.tolist()
      [0.0, 2.0]
    """
    check_kind("model", model, Model, "a Model")
    check_kind("tables", tables, Iterable, "Tables")
    preprocessing = model.preprocessing
    pieces: list[tuple[NDArray[Any], ...]] = []
    for table in tables:
        check_kind("tables", table, Table, "Tables")
        some = preprocessing.scorable(table)
        if not len(some):
            continue
        said = model.predict(some, probabilities=False).values
        truth = [target.truth(some) for target in preprocessing.targets]
        rows = np.array([[some.row(row) for row in range(len(some))]])
        X, Y = preprocessing.inputs(some), preprocessing.outputs(some)
        pieces.append((X, Y, rows, np.stack(truth), np.atleast_2d(said)))
    if not pieces:
        raise ValueError("there are no rows to inspect")
    joined = (np.concatenate(of, axis=1) for of in zip(*pieces, strict=True))
    X, Y, rows, truth, said = joined
    problem = model.network, model.params, *jax.device_put((X, Y))
    norms = np.asarray(per_example_norms(*problem))
    _, grads = cost_and_gradients(*problem)
    scale = float(gradient_noise_scale(*problem)) if len(norms) > 1 else None
    # Of float64, which has room for the squares.
    wide = [[np.asarray(of, float) for of in layer] for layer in grads]
    layers = tuple(float(np.hypot(norm(dW), norm(db))) for dW, db in wide)
    return Inspection(rows[0], norms, truth, said, scale, layers)
