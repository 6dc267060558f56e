"""The defaults of `jaxdnn train` beside those of scikit-learn's networks, on 14 tables.

    python -m scripts.experiments.compare_defaults             10 splits of each table
    python -m scripts.experiments.compare_defaults --tables iris wine --seeds 3

Every table goes into `train` as its package brings it, missing values, names and dates
included; nothing is said but the target. scikit-learn's MLPClassifier or MLPRegressor
gets the same rows to learn from, encoded as `train` encoded them, targets standardised,
with nothing said either. The score is that of the same test rows: accuracy, or R2.

Exit code 1 where ours is lower on more than two of the 14.
"""

import argparse
import importlib
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxdnn.data.parts import TEST
from jaxdnn.models import DataRecipe, Recipe, train
from jaxdnn.models.prepared import Prepared, prepare
from scripts._table import print_table

WANTED = 12


class Named(NamedTuple):
    """A table that a package brings, and which of its columns is predicted."""

    package: str
    frame: Callable[[Any], Any]
    target: str


def _mnist1d(module: Any) -> Any:
    pandas = importlib.import_module("pandas")
    made = module.make_dataset(module.get_dataset_args())
    X = np.concatenate([made["x"], made["x_test"]])
    frame = pandas.DataFrame(X).rename(columns="x{}".format)
    return frame.assign(digit=np.concatenate([made["y"], made["y_test"]]))


def _of_statsmodels(name: str) -> Callable[[Any], Any]:
    return lambda module: getattr(module, name).load_pandas().data


TABLES = {
    "penguins species": Named("palmerpenguins", lambda m: m.load_penguins(), "species"),
    "penguins sex": Named("palmerpenguins", lambda m: m.load_penguins(), "sex"),
    "cars MPG": Named("vega_datasets", lambda m: m.data.cars(), "Miles_per_Gallon"),
    "seattle weather": Named(
        "vega_datasets", lambda m: m.data.seattle_weather(), "weather"
    ),
    "airports state": Named("vega_datasets", lambda m: m.data.airports(), "state"),
    "anes96 vote": Named("statsmodels.datasets", _of_statsmodels("anes96"), "vote"),
    "fair affairs": Named("statsmodels.datasets", _of_statsmodels("fair"), "affairs"),
    "randhie visits": Named(
        "statsmodels.datasets", _of_statsmodels("randhie"), "mdvis"
    ),
    "mnist1d": Named("mnist1d.data", _mnist1d, "digit"),
}
BUNDLED = ("breast_cancer", "digits", "iris", "wine", "diabetes")


class Compared(NamedTuple):
    """Scores and seconds on one split."""

    ours: float
    theirs: float
    our_seconds: float
    their_seconds: float


def read(name: str, folder: Path) -> DataRecipe:
    """The recipe that reads a table; it is written into the folder once."""
    if name in BUNDLED:
        return DataRecipe(name)
    package, frame, target = TABLES[name]
    path = folder / f"{name.replace(' ', '_')}.csv"
    if not path.exists():
        try:
            module = importlib.import_module(package)
        except ImportError:
            sys.exit(
                f"{name} needs {package.partition('.')[0]}; install it with: "
                "pip install 'jaxdnn[tables]'"
            )
        frame(module).to_csv(path, index=False)
    return DataRecipe(str(path), targets=(target,))


def compare(data: DataRecipe, seed: int) -> Compared:
    """Both on one split."""
    prepared = prepare(Recipe(replace(data, seed=seed)))
    began = time.perf_counter()
    scores = train(prepared).scores["test"]
    our_seconds = time.perf_counter() - began
    score = "accuracy" if "accuracy" in scores.measures else "R2"
    began = time.perf_counter()
    theirs = _theirs(prepared, seed, classes=score == "accuracy")
    their_seconds = time.perf_counter() - began
    return Compared(
        float(scores.measures[score] or 0.0), theirs, our_seconds, their_seconds
    )


def _theirs(prepared: Prepared, seed: int, *, classes: bool) -> float:
    networks = importlib.import_module("sklearn.neural_network")
    X, Y = prepared.examples().whole()
    if (watched := prepared.watched()) is not None:
        # What is watched here is learned from there.
        X, Y = (np.concatenate(of, axis=1) for of in zip((X, Y), watched, strict=True))
    X_test, Y_test = prepared.examples(TEST).whole()
    if classes:
        model = networks.MLPClassifier(random_state=seed)
        y, y_test = (of[0] if len(of) == 1 else of.argmax(axis=0) for of in (Y, Y_test))
    else:
        model, y, y_test = networks.MLPRegressor(random_state=seed), Y[0], Y_test[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 200 epochs were too few
        model.fit(X.T, y)
    return float(model.score(X_test.T, y_test))


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = (*TABLES, *BUNDLED)
    parser.add_argument("--tables", nargs="+", choices=names, default=names)
    parser.add_argument("--seeds", type=int, default=10, metavar="N")
    args = parser.parse_args(arguments)
    lines, reached = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name in args.tables:
            data = read(name, Path(folder))
            found = np.array([compare(data, seed) for seed in range(args.seeds)])
            ours, theirs, our_seconds, their_seconds = found.mean(axis=0)
            as_good = ours >= theirs - 1e-9
            reached += as_good
            error = (found[:, 0] - found[:, 1]).std() / len(found) ** 0.5
            lines.append(
                (
                    name,
                    *(f"{score:.4f}" for score in (ours, theirs)),
                    f"{ours - theirs:+.4f} ± {error:.4f}",
                    *(f"{seconds:.1f} s" for seconds in (our_seconds, their_seconds)),
                    "" if as_good else "lower",
                )
            )
            print(f"{name}: {ours:.4f} and {theirs:.4f}", file=sys.stderr, flush=True)
    headings = ("table", "jaxdnn", "scikit-learn", "difference", "jaxdnn", "theirs", "")
    print_table(headings, lines)
    print(f"as good or better on {reached} of {len(lines)}")
    return 0 if len(lines) - reached <= len(names) - WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
