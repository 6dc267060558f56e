"""Say which rows of a file pull hardest at a trained model."""

import argparse
from math import inf, isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jaxdnn import plots
from jaxdnn._atomic import write
from jaxdnn.cli.aligned import aligned, number, shortened
from jaxdnn.cli.importing import needed
from jaxdnn.cli.options import check_apart, tables_of
from jaxdnn.cli.say import csv_text, say
from jaxdnn.models import Inspection, inspect_rows, load_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Rows that are shown.
_SHOWN = 10


def run(args: argparse.Namespace) -> int:
    """Inspect, print and write."""
    if args.figure is not None:
        needed("matplotlib.figure")
    for out in (args.out, args.figure):
        check_apart(out, args.data, args.model)
    model = load_model(args.model)
    names = model.preprocessing.target_names
    found = inspect_rows(model, tables_of(args, model))
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        heading = ["row", "gradient_norm", *names, *map("predicted_{}".format, names)]
        lines = zip(found.rows, found.norms, *found.truth, *found.said, strict=True)
        write(args.out, csv_text([heading, *lines]).encode())
    if args.figure is not None:
        args.figure.parent.mkdir(parents=True, exist_ok=True)
        plots.save(_figure(found, args.data), args.figure)
    _print(found, names)
    for path in filter(None, (args.out, args.figure)):
        say("wrote", str(path))
    return 0


def _figure(found: Inspection, source: str) -> "Figure":
    """Of the rows' norms and the layers'; a row is called by its number and classes."""
    names = [
        f"{row}: {', '.join(map(str, found.truth[:, place]))}"
        for place, row in enumerate(found.rows)
    ]
    title = Path(source).name
    return plots.plot_gradient_norms(found.norms, names, found.layers, title=title)


def _print(found: Inspection, names: tuple[str, ...]) -> None:
    say("rows", f"{len(found.rows)}")
    say("gradient", f"median norm {number(float(np.median(found.norms)))} of a row's")
    say("noise scale", _scale(found.noise_scale))
    if found.batch_size is not None:
        say(
            "batch size", f"{found.batch_size} suggests itself: next to the noise scale"
        )
    flow = ", ".join(map(number, found.layers))
    say("by layer", f"norms of the mean gradient {flow}")
    say("", "")
    said = [f"predicted {name}" for name in names]
    rows = [("row", ["norm", *map(shortened, (*names, *said))])]
    for place in found.longest(_SHOWN):
        cells = [*found.truth[:, place], *found.said[:, place]]
        shown = [of if isinstance(of, str) else number(float(of)) for of in cells]
        norm = number(float(found.norms[place]))
        rows.append((f"{found.rows[place]}", [norm, *map(shortened, shown)]))
    for label, line in aligned(rows):
        say(label, line)


def _scale(scale: float | None) -> str:
    if scale is None:
        return "– one row has none"
    if isnan(scale):
        return "– there are rows whose gradient is not finite"
    if scale == inf:
        return "– the rows' gradients cancel: training has come to rest"
    return f"{number(scale)} rows: smaller batches are mostly noise"
