"""Training: one update, and whole runs as one compiled program.

`fit` drives a run from the host; `loop` is the program it drives.
"""

from jaxdnn.training.divergence import Divergence
from jaxdnn.training.fitting import ChunkInfo, FitResult, fit
from jaxdnn.training.loop import History, TrainingState
from jaxdnn.training.optimizers import update_parameters
from jaxdnn.training.state import state_to_dict

__all__ = [
    "ChunkInfo",
    "Divergence",
    "FitResult",
    "History",
    "TrainingState",
    "fit",
    "state_to_dict",
    "update_parameters",
]
