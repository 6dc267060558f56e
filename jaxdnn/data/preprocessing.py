"""From a table's columns to X and Y, and from what the network says back to words.

Numbers are standardised, each column by itself, or pixels all alike; text is one-hot.
Figures and categories are the training part's and travel with the model. The target is
one more column of the two kinds, and the head follows from it:

    numbers          identity    Y (1, m), standardised
    two classes      sigmoid     Y (1, m), 1 for the second
    more classes     softmax     Y (k, m), one-hot
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.tables import Table, as_text, is_text, number_in

# Whole numbers with more values than this are measured, with fewer they are classes.
MOST_CODES = 20


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, standardised: (value - mean) / deviation.

    A deviation of 0 says that the column was constant in training: it taught nothing
    and counts for nothing, so it is always encoded as 0.

    Example:
      >>> Numbers.of("x", np.array([1.0, 3.0])).encode(np.array([5.0])).tolist()
      [[3.0]]
    """

    name: str
    mean: float
    deviation: float

    @classmethod
    def of(cls, name: str, cells: NDArray[Any]) -> "Numbers":
        """The mean and deviation of those cells."""
        # The deviation of equal numbers can round to something above 0.
        constant = cells.min() == cells.max()
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = float(cells.mean()), float(cells.std())
        return cls.checked(name, mean, 0.0 if constant else deviation)

    @classmethod
    def checked(cls, name: str, mean: float, deviation: float) -> "Numbers":
        """Those figures, if they are finite."""
        if not np.isfinite([mean, deviation]).all():
            raise ValueError(f"column {name!r}: its numbers are too large to square")
        return cls(name, mean, deviation)

    def encode(self, cells: NDArray[Any]) -> NDArray[Any]:
        """(m,) numbers to (1, m)."""
        if self.deviation == 0:
            return np.zeros((1, len(cells)))
        return ((cells - self.mean) / self.deviation)[np.newaxis]

    def decode(self, rows: NDArray[Any]) -> NDArray[Any]:
        """(1, m) back to (m,) numbers."""
        return rows[0] * self.deviation + self.mean


@dataclass(frozen=True)
class Categories:
    """A column of text, one-hot; a text not seen in training is none of them.

    Example:
      >>> kinds = Categories.of("kind", np.array(["dog", "cat", "dog"], dtype=object))
      >>> (
      ...     kinds.categories,
      ...     kinds.encode(np.array(["cat", "cow"], dtype=object)).tolist(),
      ... )
      (('cat', 'dog'), [[1.0, 0.0], [0.0, 0.0]])
    """

    name: str
    categories: tuple[str, ...]

    @classmethod
    def of(cls, name: str, cells: NDArray[Any]) -> "Categories":
        """The different texts of those cells, numbers among them first."""
        return cls.among(name, set(cells), len(cells))

    @classmethod
    def among(cls, name: str, texts: Collection[str], rows: int) -> "Categories":
        """Those different texts, found in so many rows."""
        found = {text: number_in(text) for text in texts}
        if len(found) > max(MOST_CODES, rows / 2):
            raise ValueError(
                f"column {name!r}: {len(found)} different texts in {rows} rows; "
                "a category must come back to be learnt, so leave such a column out"
            )
        order = sorted((v is None, v or 0.0, text) for text, v in found.items())
        return cls(name, tuple(text for *_, text in order))

    def encode(self, cells: NDArray[Any]) -> NDArray[Any]:
        """(m,) texts to (k, m) zeros and ones."""
        rows = np.zeros((len(self.categories), len(cells)))
        index = self.index(cells)
        seen = index >= 0
        rows[index[seen], np.flatnonzero(seen)] = 1
        return rows

    def index(self, cells: NDArray[Any]) -> NDArray[np.int64]:
        """(m,) texts to the numbers of their categories, -1 for none of them."""
        number = {text: k for k, text in enumerate(self.categories)}
        return np.array([number.get(text, -1) for text in as_text(cells)], np.int64)


Column = Numbers | Categories


@dataclass(frozen=True)
class Preprocessing:
    """What the training part says of the input columns, in their order, and the target.

    Made by `Preprocessing.of`; it is plain numbers and names, so `to_json` says it all.
    """

    columns: tuple[Column, ...]
    target: Column

    @classmethod
    def of(cls, table: Table, target: str) -> "Preprocessing":
        """Learn the figures from the training part of a `training_table`.

        Inputs of one unit share one mean and deviation: what hardly varies, such as the
        pixels of a picture's edge, is not blown up.

        Raises:
          ValueError: texts that hardly repeat, numbers too large.

        Example:
          >>> table = Table("t", {"x": np.array([1.0, 3.0]), "y": np.array([0.5, 1.5])})
          >>> Preprocessing.of(table, "y").columns
          (Numbers(name='x', mean=2.0, deviation=1.0),)
        """
        try:
            columns = {
                name: (Categories if is_text(cells) else Numbers).of(name, cells)
                for name, cells in table.columns.items()
            }
            if table.one_unit:
                pixels = [table.columns[name] for name in columns if name != target]
                one = Numbers.of("", np.stack(pixels))
                columns |= {
                    name: replace(one, name=name) for name in columns if name != target
                }
        except ValueError as error:
            raise ValueError(f"{table.source}: {error}") from None
        return cls(
            tuple(columns[name] for name in columns if name != target), columns[target]
        )

    @property
    def output(self) -> str:
        """The head that the target asks for."""
        if isinstance(self.target, Numbers):
            return "identity"
        return "sigmoid" if len(self.target.categories) == 2 else "softmax"

    def inputs(self, table: Table) -> NDArray[np.float32]:
        """X (n_x, m): the input columns by name, whatever their order in the table.

        Raises:
          ValueError: columns are missing, or were not there in training, or a cell is
            missing, infinite, or text among numbers.
        """
        names = [column.name for column in self.columns]
        found = [name for name in table.columns if name != self.target.name]
        for what, odd in (
            ("lacks columns the model was trained on", set(names) - set(found)),
            ("has columns the model was not trained on", set(found) - set(names)),
        ):
            if odd:
                raise ValueError(f"{table.source}: {what}: {_list(sorted(odd))}")
        table.check_complete(names)
        rows: list[NDArray[Any]] = []
        for column in self.columns:
            cells = table.columns[column.name]
            if isinstance(column, Numbers) and is_text(cells):
                numbers = [number_in(text) for text in cells]
                if None in numbers:
                    row = numbers.index(None)
                    what = f"{cells[row]!r} is not a number"
                    raise table.error(column.name, row, what)
                cells = np.array(numbers)
            encoded = column.encode(cells)
            too_far = (abs(encoded) > np.finfo(np.float32).max).any(axis=0)
            if too_far.any():
                row = int(too_far.argmax())
                what = f"{cells[row]} is too far from all numbers of the training"
                raise table.error(column.name, row, what)
            rows.append(encoded.astype(np.float32))
        return np.concatenate(rows)

    def targets(self, table: Table) -> NDArray[np.float32]:
        """Y (n_L, m)."""
        rows = self.target.encode(table.columns[self.target.name])
        return (rows[1:] if self.output == "sigmoid" else rows).astype(np.float32)

    def unseen(self, table: Table) -> list[str]:
        """A line about each column of text that holds some never seen in training."""
        lines: list[str] = []
        for column in self.columns:
            if isinstance(column, Categories):
                cells = table.columns[column.name]
                new = cells[column.index(cells) < 0]
                if new.size:
                    lines.append(
                        f"{table.source}: column {column.name!r}: {str(new[0])!r} was "
                        f"never seen in training; such cells ({new.size} here) count "
                        "as no category"
                    )
        return lines

    def to_json(self) -> dict[str, Any]:
        """Dictionaries and lists of numbers and names."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Preprocessing":
        """What `to_json` said.

        Example:
          >>> said = Preprocessing((), Categories("y", ("a", "b"))).to_json()
          >>> Preprocessing.from_json(said).target.categories
          ('a', 'b')
        """

        def column(said: Mapping[str, Any]) -> Column:
            if "categories" in said:
                return Categories(said["name"], tuple(said["categories"]))
            return Numbers(**said)

        return cls(tuple(map(column, said["columns"])), column(said["target"]))


def training_table(table: Table, target: str) -> Table:
    """The table, all of it looked at, with its target as text where it is a class.

    Numbers are classes when they are whole and take few values.

    Raises:
      ValueError: no such column, no other column, missing values, infinities, a text
        among numbers, one value only.

    Example:
      >>> table = Table("t", {"x": np.array([1.0, 3.0]), "y": np.array([0.0, 1.0])})
      >>> training_table(table, "y").columns["y"].tolist()
      ['0', '1']
    """
    names = list(table.columns)
    check_target(table, target)
    table.check_complete(names)
    for name, cells in table.columns.items():
        if is_text(cells):
            check_not_mixed([table], name, Counter(cells), is_target=name == target)
    cells = table.columns[target]
    if (cells == cells[0]).all():
        raise ValueError(
            f"{table.source}: column {target!r} is {as_text(cells[:1])[0]!r} in every "
            "row: with one class only there is nothing to learn"
        )
    if not is_text(cells) and not is_measured(cells):
        cells = as_text(cells)
    return replace(table, columns={**table.columns, target: cells})


def check_target(table: Table, target: str) -> None:
    """Refuse a table without that column, or without another.

    Example:
      >>> check_target(Table("t", {"x": np.array([1.0])}), "y")
      Traceback (most recent call last):
      ValueError: t: no column 'y'; it has 'x'
    """
    names = list(table.columns)
    if target not in names:
        raise ValueError(f"{table.source}: no column {target!r}; it has {_list(names)}")
    if names == [target]:
        raise ValueError(f"{table.source}: no column beside the target {target!r}")


def _list(names: list[str]) -> str:
    return ", ".join([*map(repr, names[:10]), *["..."] * (len(names) > 10)])


def is_measured(numbers: NDArray[Any]) -> bool:
    """Whether numbers measure something, and are no names of classes.

    Example:
      >>> is_measured(np.array([0.0, 1.0])), is_measured(np.array([0.5, 1.0]))
      (False, True)
    """
    fractions = bool((numbers != np.floor(numbers)).any())
    return fractions or len(np.unique(numbers)) > MOST_CODES


def check_not_mixed(
    tables: Iterable[Table], name: str, counts: Mapping[str, int], *, is_target: bool
) -> None:
    """Refuse the stray text that would turn a column of numbers into categories.

    Args:
      tables: where to look for it.
      name: a column of text.
      counts: its texts, and how often each is there.
      is_target: whether it is the one to predict.

    Raises:
      ValueError: more than half of the cells are numbers, and not all of them.
    """
    found = {text: number_in(text) for text in counts}
    numbers = {text: value for text, value in found.items() if value is not None}
    count = sum(counts[text] for text in numbers)
    stray = count < sum(counts.values()) < 2 * count
    # "0", "1", "2", "3+" are categories of an input; a target leaves no such doubt.
    if stray and (is_target or is_measured(np.array(list(numbers.values())))):
        for table in tables:
            for row, text in enumerate(table.columns[name]):
                if text not in numbers:
                    raise table.error(name, row, f"{text!r} is text among numbers")
