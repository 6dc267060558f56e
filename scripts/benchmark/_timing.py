"""Timings that can be compared: paired and interleaved.

A run of n epochs takes start + n * step seconds. Every repeat times, for each runner in
turn (A B C A B C ...), a run of one epoch and a long one. The two give the start, whose
median over the repeats is taken off every long run, so that dispatch and whatever else
happens once a run stays out of the step. A runner whose epochs are given is timed
whole: its step is all that the run took, divided by its epochs.

Ratios are taken inside a repeat, where both sides met the same machine, and summed up
by their median. What leaves threads busy behind it goes last.
"""

import gc
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from math import comb
from statistics import median
from typing import Any, NamedTuple

# OpenBLAS, under NumPy, keeps its idle threads spinning for 2**28 cycles.
SETTLE_SECONDS = 0.2
FEWEST_EPOCHS, PROBE_EPOCHS = 4, 256

Run = Callable[[int], Any]


class Timing(NamedTuple):
    """Seconds: of compilation, of a step in each repeat, of what happens once a run.

    `start` is None where the steps include it; `epochs` is the length of the long run.
    """

    compile: float
    steps: tuple[float, ...]
    start: float | None
    epochs: int

    @property
    def step(self) -> float:
        return median(self.steps)


class Ratio(NamedTuple):
    """How many times as fast, repeat by repeat."""

    median: float
    low: float
    high: float
    pairs: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"

    def is_below(self, wanted: float) -> bool:
        """Whether a one-sided sign test (5 %) puts the median below what is wanted."""
        n = len(self.pairs)
        below = sum(pair < wanted for pair in self.pairs)
        return sum(comb(n, k) for k in range(below, n + 1)) < 0.05 * 2**n


def paired_ratio(slower: Timing, faster: Timing, scale: float = 1.0) -> Ratio:
    """`scale` times the slower's step over the faster's, pair by pair."""
    return ratio_of(
        scale * a / b for a, b in zip(slower.steps, faster.steps, strict=True)
    )


def ratio_of(pairs: Iterable[float]) -> Ratio:
    """What the ratios of each repeat come to."""
    pairs = tuple(pairs)
    return Ratio(median(pairs), min(pairs), max(pairs), pairs)


def compare(timings: Mapping[str, Timing], *, ours: Collection[str]) -> dict[str, Any]:
    """Every timing as it goes into a report; those of ours against all others."""
    return {
        name: {
            "step_s": timing.step,
            "steps_s": timing.steps,
            "start_s": timing.start,
            "compile_s": timing.compile,
            "epochs": timing.epochs,
            "times_as_fast_as": {
                other: paired_ratio(found, timing)._asdict()
                for other, found in timings.items()
                if other != name and name in ours
            },
        }
        for name, timing in timings.items()
    }


def measure(
    runs: Mapping[str, Run],
    *,
    repeats: int,
    seconds: float,
    longest: int,
    whole: Mapping[str, int],
) -> dict[str, Timing]:
    """Time the runs side by side.

    Args:
      runs: by name; nobody may have called them before, because the compile time is
        the first call minus the second.
      repeats: turns.
      seconds: about how long the long run lasts, where `whole` does not say.
      longest: the most epochs of any run.
      whole: the epochs of those to be timed whole, by name.
    """
    compiled: dict[str, float] = {}
    epochs: dict[str, int] = {}
    for name, run in runs.items():
        compiled[name] = _compile_seconds(run, whole.get(name, 1))
        epochs[name] = whole.get(name) or _choose_epochs(run, seconds, longest)
    ones: dict[str, list[float]] = {name: [] for name in runs}
    longs: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeats):
            time.sleep(SETTLE_SECONDS)
            for name, run in runs.items():
                if name not in whole:
                    ones[name].append(_clock(run, 1))
                longs[name].append(_clock(run, epochs[name]))
    finally:
        gc.enable()
    timings: dict[str, Timing] = {}
    for name, n in epochs.items():
        start = None if name in whole else _start(ones[name], longs[name], n)
        steps = tuple((long - (start or 0.0)) / n for long in longs[name])
        timings[name] = Timing(compiled[name], steps, start, n)
    return timings


def _start(ones: list[float], longs: list[float], n: int) -> float:
    """What a run of one epoch takes above a step."""
    pairs = zip(ones, longs, strict=True)
    return max(0.0, median(one - (long - one) / (n - 1) for one, long in pairs))


def _clock(run: Run, epochs: int) -> float:
    start = time.perf_counter()
    run(epochs)
    return time.perf_counter() - start


def _compile_seconds(run: Run, epochs: int) -> float:
    first = _clock(run, epochs)
    return max(0.0, first - _clock(run, epochs))


def _choose_epochs(run: Run, seconds: float, longest: int) -> int:
    """As many as last about `seconds` beyond what one epoch takes; run once already."""
    one = _clock(run, 1)
    epochs = more = FEWEST_EPOCHS
    for epochs in (FEWEST_EPOCHS, PROBE_EPOCHS):
        more = _clock(run, epochs) - one
        if more > seconds / 4:
            break
    wanted = seconds * (epochs - 1) / max(more, 1e-5)
    return max(FEWEST_EPOCHS, min(longest, round(wanted)))
