"""What is exported: a network, its parameters, and the columns before and after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn import Network, Parameters
from jaxdnn._checks import check_finite, check_kind
from jaxdnn._refusals import BadValueError
from jaxdnn.answers import answers
from jaxdnn.arguments import admitted_inputs, check_network
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.selecting import Selection
from jaxdnn.data.tables import Table
from jaxdnn.export.rows import drawn_inputs, drawn_table
from jaxdnn.heads import NUMBERS
from jaxdnn.models.files import check_fits
from jaxdnn.models.model import Model
from jaxdnn.parameters import admitted_parameters

# NumPy's, or traced.
_Said = TypeVar("_Said", NDArray[Any], Array)


@dataclass(frozen=True, eq=False)
class Subject:
    """A network with its parameters, and the columns, if there are any.

    Attributes:
      dtype: the parameters' own, float32 or float64.
    """

    network: Network
    params: Parameters
    preprocessing: Preprocessing | None

    @classmethod
    def admitted(
        cls, network: Any, params: Any, preprocessing: Preprocessing | None
    ) -> "Subject":
        """Those of a caller.

        Raises:
          ValueError: they do not fit each other, or a dtype that is neither float32
            nor float64.

        Example:
          >>> params = [(np.ones((1, 2), np.float32), np.zeros((1, 1), np.float32))]
          >>> Subject.admitted(Network((2, 1)), params, None).dtype
          dtype('float32')
        """
        check_network(network)
        subject = cls(
            network, admitted_parameters(params, network.layer_dims), preprocessing
        )
        dtypes = {array.dtype for layer in subject.params for array in layer}
        if len(dtypes) > 1 or subject.dtype.name not in ("float32", "float64"):
            found = ", ".join(sorted(dtype.name for dtype in dtypes))
            raise BadValueError(
                f"params must be float32 throughout, or float64, got {found}"
            )
        if preprocessing is not None:
            check_fits(Model(network, subject.params, preprocessing))
        return subject

    @property
    def dtype(self) -> np.dtype:
        """Of the parameters."""
        return np.dtype(self.params[0].W.dtype)

    @property
    def classifies(self) -> bool:
        """Whether the network tells classes."""
        return self.network.head.decision is not NUMBERS

    @property
    def refuses_gaps(self) -> bool:
        """Whether the model was trained on rows without missing cells alone."""
        columns = self.preprocessing
        return columns is not None and columns.missing in ("drop", "error")

    def pieces(self, given: Any) -> Iterator[Any]:
        """What is compared: tables, or X (n_x, m) where there are no columns.

        Rows with gaps are left out where training had left them out.
        """
        columns = self.preprocessing
        if columns is None:
            if given is None:
                given = drawn_inputs(self.network.layer_dims[0])
            _, X = admitted_inputs(self.network, self.params, given)
            check_finite("X", X)
            yield np.asarray(X)
            return
        if given is None:
            given = drawn_table(columns)
        names = tuple(column.name for column in columns.columns)
        for table in [given] if isinstance(given, Table) else given:
            check_kind("rows", table, Table, "a Table, or pieces of one")
            if self.refuses_gaps:
                table = Selection(names, (), "drop").of(columns.selected(table))
            if len(table):
                yield table

    def answers(self, rows: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """What `predict` and `predict_proba` say of rows, (n_L, m)."""
        X = rows if self.preprocessing is None else self.preprocessing.inputs(rows)
        _, said, AL = answers(self.network, self.params, X.T)
        return said.T, AL.T

    def in_units(self, said: _Said) -> _Said:
        """What `predict` says, in the units of the targets where they have some."""
        targets = () if self.preprocessing is None else self.preprocessing.targets
        figures = [(t.deviation, t.mean) for t in targets if isinstance(t, Numbers)]
        if not figures:
            return said
        deviation, mean = np.array(figures, said.dtype).T[:, :, None]
        return said * deviation + mean
