"""Whether a run was still getting better when its epochs were over."""

import numpy as np

from jaxdnn import History

# The last part of a run that is looked at, and how much of all that the cost fell must
# have fallen there.
_PART, _SHARE = 0.1, 0.01
# How many standard errors of the two means' difference the fall must be.
_ERRORS = 3


def still_falling(history: History, epochs: int) -> float | None:
    """Which share of its whole fall the cost fell in the last tenth of the epochs.

    What is watched counts, else the cost itself; means of a tenth of the epochs each,
    since single ones go up and down. None where that is less than 1 % or could be
    chance, where the run stopped before its last epoch, or is too short to say.

    Example:
      >>> cost = np.linspace(1.0, 0.5, 100)
      >>> f"{still_falling(History(cost, cost), 100):.2f}"
      '0.10'
      >>> still_falling(History(cost**0, cost), 100) is None
      True
    """
    watched = history.validation_cost
    costs = np.asarray(history.cost if watched is None else watched, np.float64)
    part = int(_PART * len(costs))
    if part < 2 or len(costs) < epochs or not np.isfinite(costs).all():
        return None
    last, before = costs[-part:], costs[-2 * part : -part]
    fell, fall = before.mean() - last.mean(), costs[0] - last.mean()
    # Half the variance of neighbours' differences is that of the noise.
    noise = np.diff(costs[-2 * part :]).std() / np.sqrt(part)
    seen = fall > 0 and fell > max(_SHARE * fall, _ERRORS * noise)
    return float(fell / fall) if seen else None
