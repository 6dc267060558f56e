"""Dates in ONNX's operators: year, month, day of the week and of the year, hour.

The calendar is counted in whole numbers of eras of 400 years that begin on the first of
March of the year 0, so that the leap day is the last of its year.

References:
  Hinnant, chrono-compatible low-level date algorithms:
  https://howardhinnant.github.io/date_algorithms.html.
"""

from collections.abc import Sequence
from math import pi

import numpy as np
from jax.typing import DTypeLike

from jaxdnn.data.columns.dates import Dates
from jaxdnn.export.onnx.graph import Graph

# NumPy's NaT.
MISSING = np.iinfo(np.int64).min

# Days from the first of March of the year 0 to the first of January 1970; of an era.
_BEFORE_1970 = 719_468
_ERA = 146_097


class _Whole:
    """A whole number of the graph, (m, 1) int64, with Python's operators."""

    def __init__(self, graph: Graph, value: str) -> None:
        self.graph, self.value = graph, value

    def _with(self, operator: str, other: "int | _Whole") -> "_Whole":
        if isinstance(other, int):
            other = _Whole(self.graph, self.graph.constant(np.int64(other)))
        return _Whole(self.graph, self.graph.op(operator, self.value, other.value))

    def __add__(self, other: "int | _Whole") -> "_Whole":
        return self._with("Add", other)

    def __sub__(self, other: "int | _Whole") -> "_Whole":
        return self._with("Sub", other)

    def __mul__(self, other: "int | _Whole") -> "_Whole":
        return self._with("Mul", other)

    def __mod__(self, other: int) -> "_Whole":
        return self._with("Mod", other)

    def __floordiv__(self, other: int) -> "_Whole":
        # ONNX's Div cuts towards 0: what is over must go first.
        return (self - self % other)._with("Div", other)

    def below(self, other: int) -> "_Whole":
        """1 where it is less, else 0."""
        return self._with("Less", other)._as(np.int64)

    def real(self) -> str:
        """In float64."""
        return self._as(np.float64).value

    def _as(self, dtype: DTypeLike) -> "_Whole":
        return _Whole(self.graph, self.graph.cast(self.value, dtype))


def date_gaps(graph: Graph, cells: str) -> str:
    """Where there is no date, of the shape of the cells.

    Example:
      >>> graph = Graph(np.float32)
      >>> date_gaps(graph, graph.input("day", np.int64, 1))
      '/Equal'
    """
    return graph.op("Equal", cells, graph.constant(np.int64(MISSING)))


def add_dates(graph: Graph, columns: Sequence[Dates], cells: str) -> str:
    """(m, width) what `Dates.encode` says of (m, k) seconds.

    Example:
      >>> from jaxdnn.data.columns.dates import ISO, Dates
      >>> graph = Graph(np.float32)
      >>> cells = graph.input("day", np.int64, 1)
      >>> add_dates(graph, [Dates("day", ISO)], cells)
      '/Concat'
    """
    gaps = date_gaps(graph, cells)
    there = graph.op("Where", gaps, graph.constant(np.int64(0)), cells)
    rows: list[str] = []
    for place, column in enumerate(columns):
        at = graph.constant(np.array([place]))
        seconds = _Whole(graph, graph.op("Gather", there, at, axis=1))
        gap = graph.op("Gather", gaps, at, axis=1)
        zero = graph.constant(np.zeros(()))
        told = _told(column, seconds)
        rows += [graph.op("Where", gap, zero, row) for row in told]
        rows += [graph.cast(gap, np.float64)] * column.indicator
    return graph.op("Concat", *rows, axis=1)


def _told(column: Dates, seconds: _Whole) -> list[str]:
    """The column's rows of X, each (m, 1) in float64."""
    graph = seconds.graph
    day = seconds // 86_400
    rows: list[str] = []
    if column.days:
        year, month, day_of_year = _calendar(day)
        apart = graph.op("Sub", year.real(), graph.constant(np.float64(column.mean)))
        # Years that are all the same count for nothing.
        share = 1 / column.deviation if column.deviation else 0.0
        rows.append(graph.op("Mul", apart, graph.constant(np.float64(share))))
        for number, period in (
            (month, 12),
            ((day + 3) % 7, 7),
            (day_of_year, 365.25),
        ):
            rows += _round(graph, number.real(), period)
    if column.hours:
        rows += _round(graph, (seconds % 86_400).real(), 86_400)
    return rows


def _calendar(day: _Whole) -> tuple[_Whole, _Whole, _Whole]:
    """Year, month and day of the year, both from 0, of days since 1970."""
    days = day + _BEFORE_1970
    of_era = days % _ERA
    # Without the leap days so far, every year has 365.
    leaps = of_era // 1460 - of_era // 36_524 + of_era // 146_096
    of_400 = (of_era - leaps) // 365
    of_year = of_era - (of_400 * 365 + of_400 // 4 - of_400 // 100)
    # From March on, five months have 153 days, over and over.
    month = ((of_year * 5 + 2) // 153 + 2) % 12
    early = month.below(2)
    year = days // _ERA * 400 + of_400 + early
    leap = (year % 4).below(1) - (year % 100).below(1) + (year % 400).below(1)
    # January and February end the year that began in March: 306 days before.
    return year, month, of_year + 59 - early * 365 + leap - leap * early


def _round(graph: Graph, number: str, period: float) -> list[str]:
    """The sine and the cosine of parts of a turn."""
    turn = graph.op("Mul", number, graph.constant(np.float64(2 * pi / period)))
    # Older versions of onnxruntime have no cosine in float64.
    ahead = graph.op("Add", turn, graph.constant(np.float64(pi / 2)))
    return [graph.op("Sin", turn), graph.op("Sin", ahead)]
