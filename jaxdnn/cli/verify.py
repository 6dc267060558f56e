"""Verify a hand-derived gradient: this library's, or your own."""

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
from typing import Any

import jax
import numpy as np

from jaxdnn import fit, forward, initialize_parameters
from jaxdnn._atomic import write
from jaxdnn.cli import functions, options
from jaxdnn.models.optimizers import LEARNING_RATES
from jaxdnn.models.prepared import prepare
from jaxdnn.training.prepare import split_run_key
from jaxdnn.verification import Report, SelfTest, selftest, verify
from jaxdnn.verification.passes import counted

_EXIT_CODES = {"verified": 0, "wrong": 1, "unresolved": 2}


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
        write(args.json, text.encode())
    print(report, flush=True)
    return _EXIT_CODES[report.verdict]


def _as_list(tested: SelfTest) -> list[dict[str, Any]]:
    names = ("name", "alive", "caught", "named", "hints")
    return [{name: getattr(each, name) for name in names} for each in tested.planted]


# ---- what to verify ----------------------------------------------------------------


def _of_data(args: argparse.Namespace) -> dict[str, Any]:
    """The case that the words make: train's network on train's rows."""
    recipe = options.recipe_of(args)
    prepared = prepare(recipe)
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


def _of_module(args: argparse.Namespace) -> dict[str, Any]:
    """The case that somebody's module holds."""
    module, _, name = args.case.partition(":")
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


def _median_seconds(function: Callable[[], object]) -> float:
    seconds: list[float] = []
    for repetition in range(6):
        start = time.perf_counter()
        jax.block_until_ready(function())
        if repetition:
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
