"""Verify a hand-derived gradient: this library's, or your own.

Without MODULE:CASE it is the library's, for the network that jaxdnn train would begin
with, on the same rows. MODULE:CASE names an attribute of a module, which may lie in the
current folder: a mapping, or a callable without arguments that returns one, from the
arguments of jaxdnn.verification.verify to their values: network, params, X, Y and, as
needed, l2, key, keep_prob, sample_weight, backward, order, per_example, seed. With this
in mine.py,

    import jax, jax.numpy as jnp, jaxdnn as dnn

    def backward(network, params, caches, Y, *, l2=0.0, sample_weight=None):
        (layer,) = dnn.backward(network, params, caches, Y, l2=l2)
        return (layer._replace(b=4 * layer.b),)

    network = dnn.Network((2, 1))
    case = {
        "network": network,
        "params": dnn.initialize_parameters(jax.random.key(0), network.layer_dims),
        "X": jnp.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]),
        "Y": jnp.array([[0.0, 1.0, 1.0]]),
        "backward": backward,
    }

jaxdnn verify mine:case ends in "verdict: WRONG at db1 (1 of 3 equations)".

--function takes a function of somebody's package with a rule of its own, or a loss and
its gradient, and arguments from a file or drawn at random, as in
jaxdnn verify --function package.module:rule --shapes 3,4 5, or
jaxdnn verify --function package.module:loss,grad --args arguments.npz.

The table goes to stdout, its last line is the verdict. Exit code 0: verified; 1: wrong;
2: unresolved, or nothing was exercised; 3: it could not run.
"""

import argparse
import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jax
import numpy as np

from jaxdnn import fit, forward, initialize_parameters
from jaxdnn._atomic import replacing
from jaxdnn.cli import functions, options
from jaxdnn.models import DataRecipe, NetworkRecipe
from jaxdnn.models.optimizers import LEARNING_RATES
from jaxdnn.models.prepared import prepare
from jaxdnn.parameters import Method
from jaxdnn.training.prepare import split_run_key
from jaxdnn.verification import Report, SelfTest, selftest, verify
from jaxdnn.verification.passes import counted

ERROR_CODE = 3
_EXIT_CODES = {"verified": 0, "wrong": 1, "unresolved": 2}

# What a case brings itself, and what is meant where nothing is said.
_OWN = {
    "source": DataRecipe.source,
    **dict.fromkeys(("targets", "drop", "only", "categorical", "numeric", "task")),
    "missing": DataRecipe.missing,
    "layers": options.PLAIN_LAYERS,
    "hidden": NetworkRecipe.hidden,
    "l2": 1.0,
    "keep_prob": 1.0,
    "initialization": "he",
    "epochs": 0,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn verify` takes."""
    option = parser.add_argument
    option(
        "case",
        nargs="?",
        metavar="MODULE:CASE",
        help="a network, a batch and perhaps a backward of your own",
    )
    options.add_arguments(parser, plain=True)
    option(
        "--initialization",
        choices=get_args(Method),
        default=_OWN["initialization"],
        metavar="METHOD",
        help=f"of the weights, one of {', '.join(get_args(Method))} (he)",
    )
    option(
        "--epochs",
        type=options.whole(0),
        default=_OWN["epochs"],
        metavar="N",
        help="steps of gradient descent before the gradient is verified (0)",
    )
    option(
        "--order",
        type=int,
        choices=(1, 2),
        default=1,
        help="2: the gradient's own derivative, H v, too (1)",
    )
    option(
        "--selftest",
        action="store_true",
        help="first plant every known mistake that applies here, and show which of "
        "them are caught",
    )
    option(
        "--json",
        type=Path,
        metavar="FILE",
        help="a file to write the report to as well",
    )
    option("--time", action="store_true", help="tell on stderr what it cost")
    functions.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Verify and print."""
    try:
        return _run(args)
    except (OSError, ValueError, ModuleNotFoundError):
        raise
    except (Exception, SystemExit) as error:
        # A traceback or a case's own exit would leave 1, which here means "wrong".
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _run(args: argparse.Namespace) -> int:
    extra: dict[str, Any] = {}
    _check_words(args)
    if args.function is not None:
        with _current_folder_importable():
            return _written(args, functions.verify_function(args), extra)
    with _current_folder_importable():
        case = _of_data(args) if args.case is None else _of_module(args)
        case.setdefault("seed", args.seed)
        case.setdefault("order", args.order)
        start = time.perf_counter()
        report = verify(**case)
        cold = time.perf_counter() - start
        if args.time:
            print("jaxdnn: time:", _cost(case, cold), file=sys.stderr)
        if args.selftest:
            gone = ("backward", "order", "per_example")
            tested = selftest(**{k: v for k, v in case.items() if k not in gone})
            extra["selftest"] = _as_list(tested)
            if report.ok and not tested.ok:
                reason = "some of the mistakes planted here went unseen"
                report = replace(report, verdict="unresolved", reason=reason)
            print(tested, end="\n\n")
    return _written(args, report, extra)


def _written(args: argparse.Namespace, report: Report, extra: dict[str, Any]) -> int:
    """Print the report, and write it where it is wanted; the exit code."""
    if args.json is not None:
        text = json.dumps(report.to_dict() | extra, indent=2, ensure_ascii=False)
        args.json.parent.mkdir(parents=True, exist_ok=True)
        with replacing(args.json) as file:
            file.write(text.encode())
    print(report, flush=True)
    return _EXIT_CODES[report.verdict]


def _as_list(tested: SelfTest) -> list[dict[str, Any]]:
    names = ("name", "alive", "caught", "named", "hints")
    return [{name: getattr(each, name) for name in names} for each in tested.planted]


# ---- what to verify ----------------------------------------------------------------


def _of_data(args: argparse.Namespace) -> dict[str, Any]:
    """The case that the words make: train's network on train's rows."""
    recipe = options.recipe_of(args)
    plain = replace(recipe.training, optimizer="sgd")
    prepared = prepare(replace(recipe, training=plain))
    network = prepared.network
    X, Y = prepared.examples().whole()
    key = jax.random.key(args.seed)
    first, masks, _ = split_run_key(key)
    params = initialize_parameters(
        first, network.layer_dims, method=args.initialization
    )
    if args.epochs:
        params = fit(
            network,
            X,
            Y,
            params=params,
            key=key,
            learning_rate=LEARNING_RATES["sgd"],
            epochs=args.epochs,
            l2=args.l2,
            keep_prob=args.keep_prob,
        ).params
    case = {"network": network, "params": params, "X": X, "Y": Y}
    if args.keep_prob != 1:
        case |= {"key": masks, "keep_prob": args.keep_prob}
    return case | {"l2": args.l2}


def _check_words(args: argparse.Namespace) -> None:
    """Refuse words that have no meaning beside what is to be verified."""
    if args.function is None:
        for name, default in functions.OWN.items():
            if getattr(args, name) != default:
                raise ValueError(f"--{name.replace('_', '-')} goes with --function")
    if args.function is not None:
        if args.case is not None:
            raise ValueError(f"--function {args.function} or {args.case}, not both")
        for name, default in {"order": 1, "selftest": False, "time": False}.items():
            if getattr(args, name) != default:
                raise ValueError(f"--{name} does not go with --function")
    brings = args.case or args.function
    for name, default in _OWN.items() if brings else ():
        if getattr(args, name) != default:
            option = {"source": "--data", "targets": "--target"}.get(
                name, "--" + name.replace("_", "-")
            )
            raise ValueError(f"{option} goes with --data; {brings} brings its own")


def _of_module(args: argparse.Namespace) -> dict[str, Any]:
    """The case that somebody's module holds."""
    module, colon, name = args.case.partition(":")
    if not (module and colon and name):
        raise ValueError(f"{args.case}: must be MODULE:CASE, as in mine:case")
    try:
        case = getattr(importlib.import_module(module), name)
        case = case() if callable(case) else case
    except (Exception, SystemExit) as error:
        raise ValueError(f"{args.case}: {type(error).__name__}: {error}") from error
    if not isinstance(case, Mapping):
        raise ValueError(
            f"{args.case}: must be, or return, a mapping of verify's arguments, got "
            f"{type(case).__name__}"
        )
    return dict(case)  # pyright: ignore[reportUnknownVariableType]


@contextmanager
def _current_folder_importable() -> Generator[None]:
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


# ---- what it cost ------------------------------------------------------------------


def _cost(case: dict[str, Any], cold: float) -> str:
    warm = _median_seconds(lambda: verify(**case))
    with counted() as tally:
        verify(**case)
    with jax.enable_x64(True):
        params, X = jax.device_put(
            jax.tree.map(
                lambda a: np.asarray(a, np.float64), (case["params"], case["X"])
            )
        )
        once = _median_seconds(lambda: forward(case["network"], params, X))
    return (
        f"{cold:.2f} s the first time, {warm:.3f} s again: {warm / once:.0f} times a "
        f"forward pass in float64 ({1000 * once:.3g} ms); {tally.passes:.3g} forward "
        "passes counted: a product with each W and example is one, a backward two, "
        "part of a batch its part"
    )


def _median_seconds(function: Callable[[], Any]) -> float:
    seconds: list[float] = []
    for repetition in range(6):
        start = time.perf_counter()
        jax.block_until_ready(function())
        if repetition:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
