"""What the estimators' parameters may be: scikit-learn's own checks say so, too."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jaxdnn.activations import Activation
from jaxdnn.arrays import ArrayLike

Activations = str | Activation | tuple[str | Activation, ...]
RandomState = int | np.random.RandomState | None
# Class -> weight; a list of such of several outputs.
ClassWeights = Mapping[Any, float] | Sequence[Mapping[Any, float]] | str | None
# What each example counts for (m,).
Weights = npt.NDArray[Any] | None


class Validation(NamedTuple):
    """A validation part as it was given, or None for all."""

    X: Any = None
    y: Any = None
    sample_weight: ArrayLike | None = None
