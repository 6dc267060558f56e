"""What a verification found: one row an equation, then the verdict; text and JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any, Literal, NamedTuple

from jaxdnn._html import BAD, GOOD, OPEN, table
from jaxdnn.verification.units import LIMIT

Verdict = Literal["verified", "wrong", "unresolved"]
# Why a gradient without an entry that is not 0 is unresolved.
NOTHING = "every gradient is exactly 0"
Status = Literal["ok", "WRONG", "follows", "unread", ""]


class GradientError(Exception):
    """What `Report.require` raises; `report` is the report it carries."""

    def __init__(self, report: "Report"):
        # The argument alone, so that it goes through pickle to another process.
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        return f"{self.report.verdict_line}\n{self.report}"


@dataclass(frozen=True)
class Row:
    """One equation, or one property of the whole gradient.

    Args:
      name: what the verdict calls it: dZ2, dW2, db2, ...
      equation: as it is written on paper.
      units: the largest |hand - autodiff|, in units of the coordinate's own rounding.
      step: |hand - complex step| along the leaf's direction, in the same units; None
        where there is no such comparison.
      where: the worst coordinate.
      hand, autodiff: the two values there.
      status: "ok"; "WRONG": this equation is wrong; "follows": it is right and carries
        on an error from a row above; "unread": it could not be looked at alone.
      hint: what the error looks like; a guess, printed as one.
    """

    name: str
    equation: str
    units: float | None
    step: float | None = None
    where: tuple[int, ...] = ()
    hand: float | None = None
    autodiff: float | None = None
    status: Status = "ok"
    hint: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two values differ by more than rounding."""
        return self.status in ("WRONG", "follows")


@dataclass(frozen=True)
class Report:
    """The outcome of a verification. `print(report)` shows the table.

    Args:
      title: what was verified.
      rows: the equations, output first.
      verdict: "verified", "wrong" or "unresolved".
      reason: why it is unresolved, or what is wrong if no equation is.
      resolution: for each leaf, the smallest relative error that would have been seen.
      not_exercised: what this run says nothing about.
      notes: what else a reader should know.
      seed: repeats this run.
      limit: the most units allowed.
    """

    title: str
    rows: tuple[Row, ...]
    verdict: Verdict
    reason: str = ""
    resolution: dict[str, float] = field(default_factory=dict[str, float])
    not_exercised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seed: int = 0
    limit: int = LIMIT

    @property
    def ok(self) -> bool:
        """Whether the verdict is "verified"."""
        return self.verdict == "verified"

    @property
    def empty(self) -> bool:
        """Whether it is unresolved only because every gradient is exactly 0."""
        return self.verdict == "unresolved" and self.reason == NOTHING

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the rows that are wrong, output first."""
        return tuple(row.name for row in self.rows if row.status == "WRONG")

    @property
    def hints(self) -> dict[str, str]:
        """For each wrong row what its error looks like, where something fitted."""
        return {row.name: row.hint for row in self.rows if row.hint}

    @property
    def verdict_line(self) -> str:
        """The last line of the table."""
        if self.verdict == "wrong" and self.wrong:
            at = f" at {', '.join(self.wrong)} ({len(self.wrong)} of {len(self.rows)}"
            return f"verdict: WRONG{at} equations)"
        return f"verdict: {self.verdict.upper()}" + (
            f": {self.reason}" if self.reason else ""
        )

    def require(self) -> "Report":
        """This report if it is verified.

        Raises:
          GradientError: it is not; the message is the table.
        """
        if not self.ok:
            raise GradientError(self)
        return self

    def to_dict(self) -> dict[str, Any]:
        """The report in numbers, strings and lists; NaN and infinity as strings."""
        return _finite(asdict(self) | {"wrong": self.wrong})

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def __repr__(self) -> str:
        return f"Report: {self.title}; {self.verdict_line}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows: as `print` does."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict and each row's status first."""
        return table(
            self.verdict_line,
            _COLOURS.get(self.verdict, OPEN),
            self.title,
            ["status", "equation", *(column.name for column in COLUMNS), "hint"],
            [(_COLOURS.get(row.status, OPEN), self._shown(row)) for row in self.rows],
            self._notes(),
        )

    def _shown(self, row: Row) -> list[str]:
        return [row.status, row.equation, *_cells(row, self.limit), row.hint]

    def __str__(self) -> str:
        width = max([len("equation"), *(len(row.equation) for row in self.rows)]) + 2
        heads = "".join(f"{column.name:{column.form}}" for column in COLUMNS)
        lines = [self.title, f"{'equation':{width}}{heads}"]
        lines += [self._line(row, width) for row in self.rows]
        return "\n".join([*lines, *self._notes(), self.verdict_line])

    def _notes(self) -> list[str]:
        """What is said below the table."""
        lines: list[str] = []
        worst = max(self.resolution.values(), default=0.0)
        if worst:
            lines.append(
                f"resolving power: an error above {worst:.0e} of a typical gradient "
                "entry (worst leaf) would have been seen"
            )
        lines += [f"not exercised: {text}" for text in self.not_exercised]
        return lines + [f"note: {text}" for text in self.notes]

    def _line(self, row: Row, width: int) -> str:
        pairs = zip(COLUMNS, _cells(row, self.limit), strict=True)
        cells = (f"{cell:{column.form}}" for column, cell in pairs)
        line = f"{row.equation:{width}}{''.join(cells)}  {row.status}"
        return (line + (f"   hint: {row.hint}" if row.hint else "")).rstrip()


class Column(NamedTuple):
    """A column of the table: its name, how it is set, and what a row has in it."""

    name: str
    form: str
    cell: Callable[[Row, int], str]


def _units(units: float | None) -> str:
    if units is None:
        return ""
    return f"{units:.1f}" if units < 1e4 else f"{units:.0e}"


def _value(row: Row, value: float | None) -> str:
    return f"{value:.4g}" if row.differs and value is not None else ""


def _step(row: Row, limit: int) -> str:
    agrees = row.step is None or row.step <= limit
    return _units(row.step) if agrees else "differs"


COLUMNS = (
    Column("units", ">8", lambda row, _: _units(row.units)),
    Column("limit", ">7", lambda _, limit: str(limit)),
    Column(
        "  where",
        "<12",
        lambda row, _: f"  {list(row.where)}" if row.differs and row.where else "",
    ),
    Column("hand", ">12", lambda row, _: _value(row, row.hand)),
    Column("autodiff", ">12", lambda row, _: _value(row, row.autodiff)),
    Column("complex step", ">14", _step),
)


_COLOURS = {"ok": GOOD, "verified": GOOD, "WRONG": BAD, "wrong": BAD}


def _cells(row: Row, limit: int) -> list[str]:
    return [column.cell(row, limit) for column in COLUMNS]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}  # pyright: ignore
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]  # pyright: ignore
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value
