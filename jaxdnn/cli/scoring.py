"""Scores as lines for the screen."""

from collections.abc import Iterable, Iterator, Mapping

from jaxdnn.models import ClassScore, Scores

# A label has room for 14 signs.
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
    if any(parts):
        yield "", _row(parts)
    yield "rows", _row(f"{scores.rows}" for scores in every)
    reasons: dict[str, None] = {}
    for target in every[0].targets:
        several = len(every[0].targets) > 1
        if several:
            yield _label(target), ""
        for name in every[0].targets[target].measures:
            found = [scores.targets[target].measures[name] for scores in every]
            yield _SHORT.get(name, name), _row(map(_number, found))
        for scores in every:
            reasons |= dict.fromkeys(scores.targets[target].reasons.values())
    for reason in reasons:
        yield "", f"– {reason}"
    part = "test" if "test" in parts else list(parts)[-1]
    for target, found in parts[part].targets.items():
        if found.classes:
            yield from _class_lines(target, part, found.classes)


def _class_lines(
    target: str, part: str, classes: tuple[ClassScore, ...]
) -> Iterator[tuple[str, str]]:
    where = f" of {part}" if part else ""
    yield "", ""
    yield _label(f"{target}{where}"), _row(("rows", "recall", "precision"))
    shown = classes
    if len(classes) > _MOST_CLASSES:
        there = [each for each in classes if each.recall is not None]
        shown = sorted(there, key=lambda each: each.recall or 0.0)[:_MOST_CLASSES]
    for each in shown:
        numbers = map(_number, (each.recall, each.precision))
        yield _label(each.name), _row((f"{each.rows}", *numbers))
    if len(shown) < len(classes):
        yield "", f"and {len(classes) - len(shown)} classes more, of no lower recall"


def _number(value: float | None) -> str:
    """Four digits after the point, or six in all."""
    if value is None:
        return "–"
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.6g}"


def _row(cells: Iterable[str]) -> str:
    """Cells that never run together."""
    return "".join(f"{cell:>12}" if len(cell) < 12 else f"  {cell}" for cell in cells)


def _label(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"
