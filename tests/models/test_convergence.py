"""A cost that was still falling when the epochs were over is told from one at rest."""

import numpy as np
import pytest

from jaxdnn import History
from jaxdnn.models.convergence import still_falling

STEPS = np.arange(200.0)
NOISE = 0.02 * np.random.default_rng(0).normal(size=200)


def history(cost, watched=None):
    return History(cost, cost, cost, watched, watched)


@pytest.mark.parametrize(
    ("cost", "falling"),
    [
        (1 - 0.004 * STEPS, True),
        (1 - 0.004 * STEPS + NOISE, True),
        (np.exp(-STEPS / 100), True),
        (np.exp(-STEPS / 20), False),
        (np.exp(-STEPS / 20) + NOISE / 10, False),
        (np.ones(200), False),
        (1 + 0.01 * STEPS, False),
        (np.where(STEPS == 7, np.nan, 1 - 0.004 * STEPS), False),
    ],
)
def test_a_fall_is_seen_through_noise(cost, falling):
    assert (still_falling(history(cost), 200) is not None) == falling


def test_what_is_watched_counts():
    falling, rising = 1 - 0.004 * STEPS, 1 + 0.004 * STEPS
    assert still_falling(history(falling, rising), 200) is None
    assert still_falling(history(rising, falling), 200) is not None


def test_a_run_that_stopped_or_is_short_says_nothing():
    falling = 1 - 0.004 * STEPS
    assert still_falling(history(falling), 201) is None
    assert still_falling(history(falling[:15]), 15) is None


@pytest.mark.parametrize("seed", range(20))
def test_chance_is_no_fall(seed):
    noise = 0.01 * np.random.default_rng(seed).normal(size=200)
    assert still_falling(history(1.0 + noise + 0.5 * (STEPS < 5)), 200) is None
