"""A training as one page: scores, curves and pictures, the gradient check."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from jaxdnn._html import PLAIN, table
from jaxdnn._refusals import public
from jaxdnn._shown import number
from jaxdnn.explain.template import filled
from jaxdnn.models import Scores, Trained


@public
def report(trained: Trained, pictures: Mapping[str, bytes], *, title: str) -> str:
    """The page as HTML: what a prompt and a notebook show of the same objects.

    Args:
      trained: of `jaxdnn.models.train`.
      pictures: names of files -> PNG.
      title: what was trained on.

    Example:
      >>> from jaxdnn.models import DataRecipe, NetworkRecipe, Recipe, train
      >>> from jaxdnn.models import TrainingRecipe
      >>> network, training = NetworkRecipe((4,)), TrainingRecipe(epochs=5)
      >>> trained = train(Recipe(DataRecipe("moons"), network, training))
      >>> html = report(trained, {}, title="moons")
      >>> "accuracy" in html, "History: 5 epochs" in html, "VERIFIED" in html
      (True, True, True)
    """
    parts = [
        _text("Network", repr(trained.model.network)),
        _heading("Scores"),
        *_scores(trained.scores),
        _heading("Training"),
        _text("History", repr(trained.history)),
        *(_picture(name, png) for name, png in pictures.items()),
    ]
    if trained.check is not None:
        checked = trained.check._repr_html_()  # pyright: ignore[reportPrivateUsage]
        parts += [_heading("Gradient check"), _wide("Gradient check", checked)]
    return filled("report.html", title=escape(title), body="\n".join(parts))


def _heading(text: str) -> str:
    return f"<h2>{text}</h2>"


def _wide(label: str, html: str) -> str:
    """What may be wider than the page: keys can move it."""
    group = f'tabindex="0" role="group" aria-label="{escape(label)}"'
    return f'<div class="wide" {group}>{html}</div>'


def _text(label: str, text: str) -> str:
    return _wide(label, f"<pre>{escape(text)}</pre>")


def _scores(parts: Mapping[str, Scores]) -> Iterator[str]:
    """A table for each target: its measures, then its classes in the last part."""
    for target in next(iter(parts.values())).targets if parts else ():
        found = {part: scores.targets[target] for part, scores in parts.items()}
        counts = [f"{scores.rows}" for scores in parts.values()]
        rows: list[Sequence[str]] = [["rows", *counts]]
        last = list(found.values())[-1]
        for name in last.measures:
            cells = [number(each.measures[name]) or "–" for each in found.values()]
            rows.append([name, *cells])
        reasons: dict[str, None] = {}
        for each in found.values():
            reasons |= dict.fromkeys(each.reasons.values())
        yield _table(target, ["measure", *found], rows, list(reasons))
        if last.classes:
            yield _table(
                f"{target}, {list(found)[-1]} part",
                ["class", "rows", "recall", "precision"],
                [
                    [each.name, f"{each.rows}"]
                    + [number(share) or "–" for share in (each.recall, each.precision)]
                    for each in last.classes
                ],
            )


def _table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str] = (),
) -> str:
    plain = [(PLAIN, row) for row in rows]
    return _wide(title, table(title, PLAIN, "", headings, plain, notes))


def _picture(name: str, png: bytes) -> str:
    said = escape(name.rpartition(".")[0].replace("_", " "))
    data = base64.b64encode(png).decode()
    return f'<figure><img alt="{said}" src="data:image/png;base64,{data}"></figure>'
