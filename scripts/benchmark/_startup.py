"""What starting takes, in times of `python -c "import jax"`.

    import jaxdnn   which imports nothing else until a name is asked for
    with fit        that one, and JAX with it
    help            jaxdnn --help
    refused         a word that jaxdnn train does not know
    train           jaxdnn train a second time: its programs are kept by the first

Each is a process of its own. All take turns, and ratios are taken turn by turn.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmark._cold import environment
from scripts.benchmark._timing import ratio_of

JAX = "import jax"
COMMANDS: dict[str, tuple[str, ...]] = {
    JAX: ("-c", "import jax"),
    "import jaxdnn": ("-c", "import jaxdnn"),
    "with fit": ("-c", "from jaxdnn import fit"),
    "help": ("-m", "jaxdnn", "--help"),
    "refused": ("-m", "jaxdnn", "train", "--dance"),
    "train": ("-m", "jaxdnn", "train", "--out", "runs"),
}


def measure_startup(repeats: int) -> list[dict[str, Any]]:
    """Seconds of each, and how many times those of importing JAX."""
    with tempfile.TemporaryDirectory() as folder:
        taken(COMMANDS["train"], Path(folder))
        turns = [
            {name: taken(words, Path(folder)) for name, words in COMMANDS.items()}
            for _ in range(repeats)
        ]
    found: list[dict[str, Any]] = []
    for name in COMMANDS:
        ratio = ratio_of(turn[name] / turn[JAX] for turn in turns)
        seconds = median(turn[name] for turn in turns)
        times = ratio._asdict()
        found.append({"name": name, "seconds": seconds, "times_import_jax": times})
    return found


def taken(words: tuple[str, ...], folder: Path) -> float:
    """Seconds of a process in that folder, its programs kept there."""
    kept = {"JAX_COMPILATION_CACHE_DIR": str(folder / "programs")}
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment() | kept,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began
