"""`MLPRegressor`: numbers in and out."""

from typing import Any

import numpy as np
import numpy.typing as npt
from jax.typing import DTypeLike
from scipy.sparse import issparse
from sklearn.base import RegressorMixin

from jaxdnn.arrays import ArrayLike
from jaxdnn.sklearn.borrowed import StrOptions
from jaxdnn.sklearn.perceptron import (
    Perceptron,
    partial_fit_where_stochastic,
    remember,
)
from jaxdnn.sklearn.solvers import Solver
from jaxdnn.sklearn.takes import Activations, RandomState, Validation
from jaxdnn.training.optimizers import Schedule


class MLPRegressor(RegressorMixin, Perceptron):
    """A dense network that predicts numbers; scikit-learn's, and what it lacks.

    Half the squared error, or half the Poisson deviance of a rate e^z.

    Args:
      loss: 'squared_error' or 'poisson', for counts or rates >= 0.

    The other parameters, and the attributes, are those of `MLPClassifier`, but for
    class_weight and classes_. The score is R².

    Example:
      >>> import numpy as np
      >>> X = np.linspace(-1, 1, 50)[:, None]
      >>> model = MLPRegressor("squared_error", (10,), "tanh", solver="lbfgs")
      >>> model = model.set_params(random_state=0).fit(X, X[:, 0] ** 2)
      >>> bool(model.score(X, X[:, 0] ** 2) > 0.99)
      True
    """

    __module__ = "jaxdnn.sklearn"

    loss: str

    _parameter_constraints: dict[str, Any] = {  # noqa: RUF012 (scikit-learn's)
        **Perceptron._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: ArrayLike = (100,),
        activation: Activations = "relu",
        *,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Schedule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: RandomState = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        dtype: DTypeLike | None = None,
    ) -> None:
        remember(self, locals())

    @partial_fit_where_stochastic
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> "MLPRegressor":
        """Train for one epoch, on from where the last call was.

        Args:
          X, y, sample_weight, X_val, y_val, sample_weight_val: as for `fit`.

        Returns:
          The estimator.
        """
        validation = Validation(X_val, y_val, sample_weight_val)
        self._fit(X, y, sample_weight, validation, True)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _said(self, AL: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
        return AL.ravel() if AL.shape[1] == 1 else AL

    def _learned_targets(self, y: Any, incremental: bool) -> npt.NDArray[Any]:
        return self._targets(y)

    def _targets(self, y: Any) -> npt.NDArray[Any]:
        if issparse(y) or y.dtype.kind not in "biuf":
            found = f"{type(y).__name__} of {y.dtype}"
            raise ValueError(f"y must be an array of real numbers, got {found}")
        if self.loss == "poisson" and np.min(y) < 0:
            raise ValueError(f"loss='poisson' needs y >= 0, got {np.min(y)}")
        return np.reshape(y, (len(y), -1))

    def _out_activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"
