"""What holds under everything that was tried, counted in one table.

    python -m scripts.soak                          all parts: about fifteen minutes
    python -m scripts.soak --parts arguments modes  some of them

arguments   every argument of every public function, replaced by what it cannot be
modes       every public function in every mode of JAX and inside its transformations
meshes      every function on automatic and explicit axes, and inside shard_map
extremes    extreme but finite numbers in every dtype, head and activation
tables      odd cells and odd files, read whole and in pieces
kernels     random small runs as one kernel, beside the same in many

Kills and damages are `python -m scripts.soak.checkpoints`. Exit code 1 if any fails.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from importlib import import_module

from scripts._table import print_table

# What each part's cases may end as.
GOOD = {
    "arguments": {"ours", "taken"},
    "modes": {"works", "says so"},
    "meshes": {"works"},
    "extremes": {"finite", "does not fit"},
    "tables": {"taken", "refused"},
    "kernels": {"equal", "apart"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", nargs="+", choices=GOOD, default=list(GOOD))
    parts = parser.parse_args(arguments).parts
    if len(parts) > 1:
        # Each in a process of its own: meshes need four devices, modes change the rest.
        commands = [[sys.executable, "-m", "scripts.soak", "--parts", p] for p in parts]
        runs = [subprocess.run(command, check=False) for command in commands]
        return max(run.returncode for run in runs)
    (part,) = parts
    found: Counter[str] = Counter()
    failures = []
    for case in import_module(f"scripts.soak.{part}").outcomes():
        found[case.outcome] += 1
        if case.outcome not in GOOD[part]:
            failures.append(case)
    rows = [(part, outcome, str(n)) for outcome, n in sorted(found.items())]
    print_table(("part", "outcome", "cases"), rows)
    for case in failures:
        print(*case, sep=" | ")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
