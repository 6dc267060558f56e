"""Write a trained model for other programs."""

import argparse
from collections.abc import Iterator
from typing import Any

from jaxdnn.cli.options import check_apart, tables_of
from jaxdnn.cli.say import joined, say
from jaxdnn.data.columns.categories import Categories
from jaxdnn.export import export_model
from jaxdnn.export.runs import runs
from jaxdnn.models import load_model

# Columns of numbers side by side that are named one by one.
_MOST = 8


def run(args: argparse.Namespace) -> int:
    """Export and say what was compared."""
    check_apart(args.out, args.data, args.model)
    model = load_model(args.model)
    tables = None if args.data is None else tables_of(args, model)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    comparison = export_model(model, args.out, rows=tables, force=args.force)
    where = "drawn" if tables is None else f"of {args.data}"
    say("compared", f"{comparison.rows} rows {where}")
    say("difference", f"{comparison.largest:.1e} at most")
    if args.out.suffix == ".stablehlo":  # which has numbers in place of texts
        for label, columns in (
            ("takes", model.preprocessing.columns),
            ("says", model.preprocessing.targets),
        ):
            for line in joined(_legend(columns)):
                say(label, line)
                label = ""
    say("wrote", str(args.out))
    return 0


def _legend(columns: Any) -> Iterator[str]:
    """Each column's name, and what its numbers stand for."""
    for _, run in runs(columns):
        if isinstance(run[0], Categories):
            for column in run:
                codes = (f"{k} {text!r}" for k, text in enumerate(column.categories))
                yield f"{column.name}: {', '.join(codes)}"
        elif len(run) > _MOST:
            yield f"{run[0].name} to {run[-1].name}, {len(run)} numbers"
        else:
            yield from (column.name for column in run)
