"""A table's columns as inputs of an ONNX graph, encoded as in training.

Every column is an input (m, 1) of its own name: numbers in float64, NaN where one is
missing; texts, "" where one is missing; dates as whole seconds since 1970 in UTC, the
smallest int64 where one is missing, as NumPy's datetime64[s] has them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn._checks import check_kind
from jaxdnn._refusals import public
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.dates import Dates
from jaxdnn.data.columns.kinds import Column
from jaxdnn.data.columns.numbers import Numbers, numbers_of
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.export.onnx.dates import add_dates, date_gaps
from jaxdnn.export.onnx.graph import Graph
from jaxdnn.export.runs import Figures, runs


def add_columns(graph: Graph, columns: Sequence[Column]) -> str:
    """X (m, n_x) of the columns, in the graph's dtype.

    Example:
      >>> graph = Graph(np.float32)
      >>> add_columns(graph, [Numbers("x", 0.0, 1.0), Categories("y", ("a", "b"))])
      '/Cast_5'
    """
    for column in columns:
        graph.input(column.name, _DTYPES[type(column)], 1)
    encoded: list[str] = []
    for _, run in runs(columns):
        cells = graph.op("Concat", *(column.name for column in run), axis=1)
        encode = _ADD[type(run[0])]
        encoded.append(graph.cast(encode(graph, run, cells), np.float32))
    # As the rows of the training were, whatever the parameters are.
    return graph.cast(graph.op("Concat", *encoded, axis=1), graph.dtype)


def add_gaps(graph: Graph, columns: Sequence[Column]) -> str:
    """(m, 1) whether a row lacks a cell, once the columns are there.

    Example:
      >>> graph = Graph(np.float32)
      >>> columns = [Numbers("x", 0.0, 1.0)]
      >>> _ = add_columns(graph, columns)
      >>> add_gaps(graph, columns)
      '/Greater'
    """
    gaps = [graph.cast(_GAPS[type(c)](graph, c.name), np.float32) for c in columns]
    axes = graph.constant(np.array([1]))
    count = graph.op("ReduceSum", graph.op("Concat", *gaps, axis=1), axes)
    return graph.op("Greater", count, graph.constant(np.float32(0)))


def _add_numbers(graph: Graph, columns: Sequence[Numbers], cells: str) -> str:
    """Standardised, and where some were missing a column that says so."""
    figures = Figures.of(columns)
    gaps = _number_gaps(graph, cells)
    filled = graph.op("Where", gaps, graph.constant(figures.filler[None]), cells)
    apart = graph.op("Sub", filled, graph.constant(figures.mean[None]))
    rows = graph.op("Div", apart, graph.constant(figures.scale[None]))
    constant, zero = (
        graph.constant(figures.constant[None]),
        graph.constant(np.zeros(())),
    )
    rows = graph.op("Where", constant, zero, rows)
    both = graph.op("Concat", rows, graph.cast(gaps, np.float64), axis=1)
    return graph.op("Gather", both, graph.constant(figures.order), axis=1)


def _add_categories(graph: Graph, columns: Sequence[Categories], cells: str) -> str:
    """One-hot; a text that is no category is zeros."""
    rows: list[str] = []
    for place, column in enumerate(columns):
        one = graph.op("Gather", cells, graph.constant(np.array([place])), axis=1)
        known = graph.constant(np.array([column.categories], dtype=object))
        rows.append(graph.cast(graph.op("Equal", one, known), np.float32))
    return graph.op("Concat", *rows, axis=1)


def _number_gaps(graph: Graph, cells: str) -> str:
    return graph.op("IsNaN", cells)


def _text_gaps(graph: Graph, cells: str) -> str:
    return graph.op("Equal", cells, graph.constant(np.array("", dtype=object)))


_DTYPES: dict[type, type] = {Numbers: np.float64, Categories: object, Dates: np.int64}
_ADD: dict[type, Callable[[Graph, Any, str], str]] = {
    Numbers: _add_numbers,
    Categories: _add_categories,
    Dates: add_dates,
}
_GAPS: dict[type, Callable[[Graph, str], str]] = {
    Numbers: _number_gaps,
    Categories: _text_gaps,
    Dates: date_gaps,
}


@public
def onnx_inputs(preprocessing: Preprocessing, table: Table) -> dict[str, NDArray[Any]]:
    """What an exported model takes for a table's rows: (m, 1) of each column.

    Args:
      preprocessing: of the model.
      table: with its columns, in any order.

    Raises:
      ValueError: a column is missing, or a cell is none of its kind.

    Example:
      >>> columns = (Categories("coat", ("long", "short")), Numbers("x", 0.0, 1.0))
      >>> cells = {"x": np.array([0.5]), "coat": np.array(["short"], dtype=object)}
      >>> onnx_inputs(Preprocessing(columns, ()), Table("t", cells))["coat"].tolist()
      [['short']]
    """
    check_kind("table", table, Table, "a Table")
    table = preprocessing.selected(table)
    return {c.name: _cells(c, table)[:, None] for c in preprocessing.columns}


def _cells(column: Column, table: Table) -> NDArray[Any]:
    """(m,) one column's cells; texts as training spelled them."""
    if isinstance(column, Categories):
        return column.truth(table)
    if isinstance(column, Dates):
        return column.moments(table).astype(np.int64)
    return numbers_of(table, column.name)
