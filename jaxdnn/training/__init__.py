"""Training: one update, and whole runs as one compiled program.

`fit` is a table of contents: what it is asked (`types`, `checks`), what it learns from
(`examples`), how that becomes a program's arguments (`prepare`), and who drives the
program (`driver`, `programs`). `sweep` prepares many runs and drives them as one.
"""

from jaxdnn.training.compiling import enable_compilation_cache
from jaxdnn.training.divergence import Divergence
from jaxdnn.training.fit import fit
from jaxdnn.training.lanes import Lane
from jaxdnn.training.optimizers import update_parameters
from jaxdnn.training.snapshots import snapshot_to_dict
from jaxdnn.training.sweep import sweep
from jaxdnn.training.types import FitResult, History, Progress, Snapshot

__all__ = [
    "Divergence",
    "FitResult",
    "History",
    "Lane",
    "Progress",
    "Snapshot",
    "enable_compilation_cache",
    "fit",
    "snapshot_to_dict",
    "sweep",
    "update_parameters",
]
