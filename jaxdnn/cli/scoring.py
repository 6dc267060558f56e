"""Scores as lines for the screen."""

from collections.abc import Iterator, Mapping, Sequence

from jaxdnn.cli.aligned import LONGEST, aligned, number, shortened
from jaxdnn.models import ClassScore, Scores

_SHORT = {"balanced accuracy": "balanced acc."}

# Classes that are shown each; of more, those with the lowest recall.
_MOST_CLASSES = 10


def score_lines(parts: Mapping[str, Scores]) -> Iterator[tuple[str, str]]:
    """Labels and lines: the measures of each part of the rows, then the classes.

    Example:
      >>> from jaxdnn.models import TargetScores
      >>> found = TargetScores(
      ...     {"R2": None, "RMSE": 1.5}, {"R2": "one row has no spread"}
      ... )
      >>> for label, line in score_lines({"test": Scores(1, {"y": found})}):
      ...     print(f"{label:5}{line}")
                   test
      rows            1
      R2              –
      RMSE       1.5000
           – one row has no spread
    """
    every = list(parts.values())
    rows: list[tuple[str, Sequence[str]]] = [("", list(parts))] if any(parts) else []
    rows.append(("rows", [f"{scores.rows}" for scores in every]))
    reasons: dict[str, None] = {}
    for target in every[0].targets:
        each = [scores.targets[target] for scores in every]
        if len(every[0].targets) > 1:
            rows.append((shortened(target), [""] * len(each)))
        for name in each[0].measures:
            cells = [number(scores.measures[name]) for scores in each]
            rows.append((_SHORT.get(name, name), cells))
        for scores in each:
            reasons |= dict.fromkeys(scores.reasons.values())
    yield from aligned(rows)
    for reason in reasons:
        yield "", f"– {reason}"
    part = "test" if "test" in parts else list(parts)[-1]
    for target, found in parts[part].targets.items():
        if found.classes:
            where = f" of {part}" if part else ""
            yield "", ""
            yield from _class_lines(
                shortened(target, LONGEST - len(where)) + where, found.classes
            )


def _class_lines(
    title: str, classes: tuple[ClassScore, ...]
) -> Iterator[tuple[str, str]]:
    shown = classes
    there = [each for each in classes if each.recall is not None]
    if len(classes) > _MOST_CLASSES:
        there.sort(key=lambda each: (each.recall, -each.rows))
        shown = there[:_MOST_CLASSES]
    rows: list[tuple[str, Sequence[str]]] = [(title, ["rows", "recall", "precision"])]
    for each in shown:
        shares = map(number, (each.recall, each.precision))
        rows.append((shortened(each.name), [f"{each.rows}", *shares]))
    yield from aligned(rows)
    if any(None in each for each in shown):
        yield "", "– no row is of the class, or none was said to be"
    if len(shown) < len(classes):
        more = f"and {len(there) - len(shown)} more classes, of no lower recall"
        without = len(classes) - len(there)
        yield "", more + (f"; {without} without a row" if without else "")
