"""A column of dates or times: year, month, day of the week and of the year, hour.

What comes round again is an angle, and its sine and cosine are the inputs: December is
next to January.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn._text import cut
from jaxdnn.data.columns.notes import Note
from jaxdnn.data.columns.numbers import Moments, new_gaps
from jaxdnn.data.columns.role import INPUT, Role
from jaxdnn.data.tables import Table, is_text

# As strptime has it, but for the first two. The first that reads every cell of a column
# is taken, so 3/4/2024 is in March where no other cell says otherwise.
ISO, MONTHS = "ISO 8601", "ISO 8601 months"
_DAYS = (
    *("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y"),
    *("%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%m/%d/%y", "%d/%m/%y"),
    *("%d.%m.%y",),
)
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
LAYOUTS = (
    ISO,
    MONTHS,
    *_DAYS,
    *(f"{day} {time}" for day in _DAYS for time in _TIMES),
    *_TIMES,
)


def parse(texts: NDArray[Any], layout: str) -> NDArray[np.datetime64] | None:
    """(m,) moments in UTC, NaT where the text is empty; None where one is no date.

    Example:
      >>> parse(np.array(["29.2.2024", ""], dtype=object), "%d.%m.%Y")
      array(['2024-02-29T00:00:00', 'NaT'], dtype='datetime64[s]')
      >>> parse(np.array(["30.2.2024"], dtype=object), "%d.%m.%Y") is None
      True
    """
    pa = require("pyarrow")
    there = texts != ""
    cells = texts[there] + "-01" if layout == MONTHS else texts[there]
    moments = _read(pa.array(cells, pa.string()), layout)
    if moments is None:
        return None
    found = np.full(len(texts), "NaT", "datetime64[s]")
    found[there] = moments.to_numpy(zero_copy_only=False)
    return found if _is_written(found[there], cells, layout) else None


def _read(cells: Any, layout: str) -> Any:
    """Arrow's moments of its strings, or None where one is not so written."""
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    iso = layout in (ISO, MONTHS)
    for zone in (None, "UTC") if iso else (None,):
        try:
            if not iso:
                return compute.strptime(cells, layout, "s")
            # Parts of a second are cut off.
            moments = cells.cast(pa.timestamp("us", zone))
            return moments.cast(pa.timestamp("s"), safe=False)
        except pa.ArrowInvalid:
            continue
    return None


def _is_written(
    moments: NDArray[np.datetime64], texts: NDArray[Any], layout: str
) -> bool:
    """Whether the year and the day are those of the text.

    strptime takes two digits for a year, and the 31st of any month.
    """
    order = [part for part in re.findall(r"%(\w)", layout) if part in "Yymd"]
    if not order:
        return True
    if "Y" in order and (_year(moments) < 1000).any():
        return False
    at = order.index("d")
    days = np.array([int(re.findall(r"\d+", text)[at]) for text in texts], int)
    whole = moments.astype("datetime64[D]")
    first = whole.astype("datetime64[M]").astype("datetime64[D]")
    return bool((days == (whole - first).astype(int) + 1).all())


def _year(moments: NDArray[np.datetime64]) -> NDArray[np.float64]:
    return moments.astype("datetime64[Y]").astype(np.float64) + 1970


@dataclass(frozen=True)
class Dates:
    """A column of dates, of times of the day, or of both.

    Attributes:
      name: the column's.
      layout: how its cells are written, one of LAYOUTS.
      mean, deviation: of the training rows' years.
      hours: whether the time of the day is told.
      indicator: whether a last row of X says where dates are missing, because some were
        in training.

    Example:
      >>> column = Dates("day", ISO, mean=2024.0, deviation=0.0)
      >>> table = Table("t", {"day": np.array(["2024-04-01"], dtype=object)})
      >>> column.encode(table).round(2)[:, 0].tolist()  # a Monday in April
      [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.01]
    """

    kind: ClassVar[str] = "dates"

    name: str
    layout: str
    mean: float = 0.0
    deviation: float = 0.0
    hours: bool = False
    indicator: bool = False

    @property
    def days(self) -> bool:
        """Whether the day is told, and not the time alone."""
        return self.layout not in _TIMES

    @property
    def width(self) -> int:
        """How many rows of X it makes."""
        return 7 * self.days + 2 * self.hours + self.indicator

    def encode(self, table: Table) -> NDArray[np.float64]:
        """(width, m) of a table's rows; zeros where there is no date.

        Raises:
          ValueError: a cell that is no date, or is written in another way.
        """
        moments = self.moments(table)
        gaps = np.isnat(moments)
        moments = np.where(gaps, np.datetime64("1970-01-01", "s"), moments)
        day = moments.astype("datetime64[D]")
        month, year = day.astype("datetime64[M]"), day.astype("datetime64[Y]")
        rows: list[NDArray[np.float64]] = []
        if self.days:
            apart = _year(moments) - self.mean
            rows.append(apart / self.deviation if self.deviation else 0 * apart)
            for number, period in (
                ((month - year).astype(int), 12),
                ((day.astype(int) + 3) % 7, 7),  # the first of 1970 was a Thursday
                ((day - year).astype(int), 365.25),
            ):
                rows += _round(number / period)
        if self.hours:
            rows += _round((moments - day).astype(int) / 86_400)
        return np.stack([*(row * ~gaps for row in rows), *[gaps] * self.indicator])

    def note(self, table: Table) -> Note | None:
        """Of missing dates, if training had none."""
        return None if self.indicator else new_gaps(table, self.name, "no date is in")

    def moments(self, table: Table) -> NDArray[np.datetime64]:
        """(m,) a table's cells as datetime64[s] in UTC, NaT where there is no date.

        Raises:
          ValueError: a cell that is no date, or is written in another way.
        """
        texts = table.texts(self.name)
        for layout in dict.fromkeys((self.layout, ISO)):
            if (moments := parse(texts, layout)) is not None:
                return moments
        row = next(
            i for i in range(len(texts)) if parse(texts[i : i + 1], self.layout) is None
        )
        raise table.error(
            self.name, row, f"{cut(texts[row])} is no date written as {self.layout}"
        )


def _round(turns: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The sine and the cosine of parts of a turn."""
    return [np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)]


class DatesLearner:
    """Learns a column of dates, one piece of a table after the other."""

    def __init__(self, name: str, role: Role = INPUT) -> None:
        self.name = name
        self.fits = not role.target
        self._layouts = list(LAYOUTS)
        self._years = Moments()
        self._hours = self._gaps = False

    def add(self, table: Table, chosen: NDArray[np.bool_]) -> None:
        """Look at a piece, and learn from the rows chosen."""
        self.fits = self.fits and is_text(table.columns[self.name])
        if not self.fits:
            return
        texts = table.texts(self.name)
        there = texts[texts != ""]
        if not len(there):
            self._gaps |= bool(chosen.any())
            return
        # Most columns of text are no dates, which their first cells tell.
        alive = [name for name in self._layouts if parse(there[:1], name) is not None]
        read = {
            name: moments
            for name in alive
            if (moments := parse(texts, name)) is not None
        }
        self._layouts = list(read)
        self.fits = bool(read)
        if read:
            moments = next(iter(read.values()))
            taken = moments[chosen]
            self._gaps |= bool(np.isnat(taken).any())
            taken = taken[~np.isnat(taken)]
            self._years = self._years.plus(Moments.of(_year(taken)))
            self._hours |= bool((taken != taken.astype("datetime64[D]")).any())

    def merge(self, other: "DatesLearner") -> None:
        """Take what another learned of other rows.

        Layouts that read the same cells agree on the year and the time, so it does not
        matter by which of them each read.
        """
        self._layouts = [name for name in self._layouts if name in other._layouts]
        self.fits = self.fits and other.fits and bool(self._layouts)
        self._years = self._years.plus(other._years)
        self._hours |= other._hours
        self._gaps |= other._gaps

    @property
    def useless(self) -> str | None:
        """Why the column cannot be learnt from, if so."""
        return None if self._years.count else "empty"

    def column(self) -> Dates:
        """The column as the chosen rows have it."""
        layout = self._layouts[0]
        hours = self._hours or layout in _TIMES
        years = self._years
        return Dates(self.name, layout, years.mean, years.deviation, hours, self._gaps)
