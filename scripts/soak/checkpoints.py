"""Checkpoints under fire: processes killed at random, files damaged at random.

    python -m scripts.soak.checkpoints   100 kills, 200 damages
    python -m scripts.soak.checkpoints --kills 5 --damages 20

Kills: a process trains with mini-batches, dropout, Adam and early stopping, and saves
its state after every epoch; `kill -9` ends it after a random time, again and again,
until a process comes to the end. Its last state must be, bit for bit, that of a process
that was left alone. A run that ends begins anew until there were enough kills.

Damages: a checkpoint of that run is cut, altered, overwritten or replaced; it must be
refused by an error that names it, and the one before it be used when asked.

Exit code 1 if anything else happens.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jaxdnn.models.checkpoints import Checkpoints
from scripts._table import print_table

CONFIGURATION = {"run": "soak"}
TIMEOUT = 300
# What each process runs: it says when it has begun to train.
RUNNER = """
import os, sys, time
import jax, numpy as np, optax
import jaxdnn
from jaxdnn.models.checkpoints import Checkpoints

folder, pause = sys.argv[1], float(sys.argv[2])
rng = np.random.default_rng(0)
X = rng.normal(size=(8, 250)).astype(np.float32)
Y = (X[:1] * X[1:2] + 0.5 * rng.normal(size=(1, 250)) > 0).astype(np.float32)
saved = Checkpoints(folder, {"run": "soak"}, seconds=0)
jaxdnn.enable_compilation_cache(os.path.join(os.path.dirname(folder), "compiled"))
begun = []

def edge(told):
    if not begun:
        begun.append(told.epoch)
        print("trains", flush=True)
    saved(told)
    time.sleep(pause)

result = jaxdnn.fit(
    jaxdnn.Network((8, 32, 1), hidden="tanh"), X[:, :200], Y[:, :200],
    key=jax.random.key(0), optimizer=optax.adam, learning_rate=0.01, batch_size=32,
    keep_prob=0.8, validation=(X[:, 200:], Y[:, 200:]), patience=25, epochs=120,
    report_every=1, on_progress=edge, resume=saved.latest(),
)
saved.save(result.snapshot)
print("ended", flush=True)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole")
        run(whole)
        found = Counter[str]()
        while found["killed"] < options.kills:
            kill_until_the_end(Path(folder, "killed"), whole, draw, options, found)
        damage(Path(folder, "damaged"), whole, draw, options.damages, found)
    rows = [(what, str(count)) for what, count in found.items()]
    print_table(("what", "times"), rows)
    return int(any(what.startswith("WRONG") for what in found))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--damages", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


# ---- killed processes --------------------------------------------------------------


def start(folder: Path, pause: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(folder), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
    )


def run(folder: Path) -> None:
    """A process that is left alone."""
    with start(folder, 0) as process:
        process.communicate(timeout=TIMEOUT)
    if process.returncode:
        raise RuntimeError(f"soak: the run failed: {process.returncode}")


def kill_until_the_end(
    folder: Path,
    whole: Path,
    draw: random.Random,
    options: argparse.Namespace,
    found: Counter[str],
) -> None:
    """One run, however many processes it takes."""
    shutil.rmtree(folder, ignore_errors=True)
    while True:
        left_alone = found["killed"] >= options.kills
        if interrupted(folder, None if left_alone else draw.expovariate(4)):
            found["killed"] += 1
            found["killed while it wrote"] += any(folder.glob(".*"))
            continue
        same = state(folder) == state(whole)
        found["resumed to the same bits" if same else "WRONG: other bits"] += 1
        return


def interrupted(folder: Path, after: float | None) -> bool:
    """Whether the process was killed before it came to its end."""
    # Each epoch takes a moment, so that kills find it at work.
    with start(folder, 0 if after is None else 0.005) as process:
        try:
            if after is None:
                process.communicate(timeout=TIMEOUT)
            else:
                next(iter(process.stdout or ()), "")  # it trains, or has ended
                time.sleep(after)
        finally:
            process.kill()
            process.wait(TIMEOUT)
    if process.returncode > 0:
        raise RuntimeError(f"soak: the run failed: {process.returncode}")
    return process.returncode < 0


def state(folder: Path) -> dict[str, bytes]:
    saved = Checkpoints(folder, CONFIGURATION).latest()
    return {name: array.tobytes() for name, array in (saved or {}).items()}


# ---- damaged files -----------------------------------------------------------------


def cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content))]


def flip_a_bit(content: bytes, draw: random.Random) -> bytes:
    i = draw.randrange(len(content))
    return content[:i] + bytes([content[i] ^ 1 << draw.randrange(8)]) + content[i + 1 :]


def overwrite(content: bytes, draw: random.Random) -> bytes:
    size = draw.randint(1, 64)
    i = draw.randrange(len(content) - size)
    return content[:i] + bytes(size) + content[i + size :]


def append(content: bytes, draw: random.Random) -> bytes:
    return content + draw.randbytes(draw.randint(1, 64))


def replace(content: bytes, draw: random.Random) -> bytes:
    return draw.randbytes(len(content))


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    cut,
    flip_a_bit,
    overwrite,
    append,
    replace,
)


def damage(
    folder: Path, whole: Path, draw: random.Random, count: int, found: Counter[str]
) -> None:
    shutil.copytree(whole, folder)
    last = sorted(folder.iterdir())[-1]
    content, wanted = last.read_bytes(), epoch_before(folder, last)
    for i in range(count):
        kind = DAMAGES[i % len(DAMAGES)]
        damaged = content
        while damaged == content:
            damaged = kind(content, draw)
        last.write_bytes(damaged)
        found[judge(folder, last, wanted, kind.__name__)] += 1


def epoch_before(folder: Path, last: Path) -> bytes:
    """The epoch of the checkpoint before the last."""
    content = last.read_bytes()
    last.unlink()
    saved: dict[str, Any] = Checkpoints(folder, CONFIGURATION).latest() or {}
    last.write_bytes(content)
    return saved[".state.epoch"].tobytes()


def judge(folder: Path, last: Path, wanted: bytes, kind: str) -> str:
    saved = Checkpoints(folder, CONFIGURATION)
    try:
        saved.latest()
        return f"WRONG: accepted: {kind}"
    except ValueError as error:
        if not str(error).startswith(f"{last}: "):
            return f"WRONG: the error of {kind} names no file"
    previous = saved.latest(fall_back=True) or {}
    if previous[".state.epoch"].tobytes() != wanted:
        return f"WRONG: after {kind} not the one before"
    return f"refused: {kind}"


if __name__ == "__main__":
    sys.exit(main())
