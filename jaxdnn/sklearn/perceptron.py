"""What the two estimators share: parameters, how they are fitted, what they predict."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, Self

import jax
import numpy as np
import numpy.typing as npt
from jax.typing import DTypeLike
from sklearn.base import BaseEstimator, is_classifier
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from jaxdnn.activations import ACTIVATIONS, Activation
from jaxdnn.architecture import Network
from jaxdnn.arrays import ArrayLike
from jaxdnn.heads import Head
from jaxdnn.parameters import Parameters
from jaxdnn.sklearn import lbfgs, stochastic
from jaxdnn.sklearn.borrowed import (
    Interval,
    Options,
    StrOptions,
    check_sample_weight,
    fit_context,
)
from jaxdnn.sklearn.coefficients import as_layers, check_goes_on
from jaxdnn.sklearn.draws import initial_coefficients
from jaxdnn.sklearn.heads import HEADS
from jaxdnn.sklearn.listeners import Listeners
from jaxdnn.sklearn.rows import Data, check_whole
from jaxdnn.sklearn.solvers import Solver
from jaxdnn.sklearn.sparse import answers_of
from jaxdnn.sklearn.takes import Activations, RandomState, Validation, Weights

# What is recorded of epochs, and counted from one fit to the next.
_RECORDS = (
    *("loss_curve_", "validation_loss_curve_", "best_loss_", "validation_scores_"),
    *("best_validation_score_", "_no_improvement_count"),
)

# scikit-learn's names for what has another here.
_ACTIVATIONS: dict[Any, str] = {"logistic": "sigmoid"}


def remember(estimator: Any, arguments: dict[str, Any]) -> None:
    """Keep the arguments of `__init__` as they are, as scikit-learn wants it."""
    for name, value in arguments.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


class Perceptron(CallbackSupportMixin, BaseEstimator, ABC):
    """The base of the estimators: everything but what y means."""

    hidden_layer_sizes: ArrayLike
    activation: Activations
    solver: Solver
    alpha: float
    batch_size: int | str
    max_iter: int
    random_state: RandomState
    tol: float
    verbose: bool | int
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    max_fun: int
    dropout: float
    dtype: DTypeLike | None

    _solver_state: dict[str, Any]

    _parameter_constraints: dict[str, Any] = {  # noqa: RUF012 (scikit-learn's)
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions({*ACTIVATIONS, *_ACTIVATIONS}), tuple, Activation],
        "solver": [StrOptions({"lbfgs", "sgd", "adam"}), callable],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"}), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "dtype": "no_validation",
    }

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train on X and y, from new parameters unless `warm_start` says otherwise.

        Args:
          X: (m, n_x), dense or sparse; of sparse rows only what is not 0 is multiplied.
          y: (m,) or (m, n_L): labels, or numbers.
          sample_weight: (m,), what each example counts for.
          X_val, y_val, sample_weight_val: a validation part. With `early_stopping` it
            is watched, and none is split off; without, its loss is recorded only.

        Returns:
          The estimator.

        Raises:
          ValueError: parameters, shapes or values that do not go together, or a run
            that ended in parameters that are not finite.
        """
        weights = {"sample_weight": sample_weight}
        metadata = {} if sample_weight is None else weights
        listeners = Listeners(self, {"X": X, "y": y, "metadata": metadata})
        validation = Validation(X_val, y_val, sample_weight_val)
        self._fit(X, y, sample_weight, validation, False, listeners)
        listeners.close()
        return self

    def _is_stochastic(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """What the network says of each row of X (m, n_x): labels, or numbers.

        Returns:
          (m,), or (m, n_L) of several outputs.
        """
        return self._said(self._outputs(X))

    @property
    def network_(self) -> Network:
        """The network, as `jaxdnn` describes it."""
        check_is_fitted(self)
        heads = {"logistic": "sigmoid"}
        return self._network(heads.get(self.out_activation_, self.out_activation_))

    @property
    def params_(self) -> Parameters:
        """The network's parameters: a Layer(W (n_l, n_{l-1}), b (n_l, 1)) for each."""
        check_is_fitted(self)
        return as_layers(self.coefs_, self.intercepts_, self.coefs_[0].dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _out_activation(self) -> str:
        """The name of the output head in scikit-learn."""

    @abstractmethod
    def _learned_targets(self, y: Any, incremental: bool) -> npt.NDArray[Any]:
        """Y (m, n_L) of y, which is looked at first where it may be new."""

    @abstractmethod
    def _targets(self, y: Any) -> npt.NDArray[Any]:
        """Y (m, n_L) of y."""

    @abstractmethod
    def _said(self, AL: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
        """What `predict` makes of AL (m, n_L)."""

    def _weighed(self, y: Any, sample_weight: Weights) -> Weights:
        """What each example counts for (m,), or None."""
        return sample_weight

    @property
    def _optimizer(self) -> SimpleNamespace:
        """What scikit-learn's own tests read of its optimizer."""
        return SimpleNamespace(learning_rate=self._solver_state["learning_rate"])

    def _loss_grad_lbfgs(
        self, packed: Any, X: Any, Y: Any, sample_weight: Weights, *_scratch: Any
    ) -> tuple[float, npt.NDArray[Any]]:
        """Cost and gradient at packed parameters; scikit-learn's own tests call it."""
        network = self._network(HEADS[self.out_activation_])
        with jax.enable_x64(True):
            data = Data(X, Y, sample_weight)
            return lbfgs.cost_function(network, data, self.alpha)(packed)

    def _outputs(self, X: Any) -> npt.NDArray[np.floating]:
        """AL (m, n_L) of the rows of X."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        dtype = min(np.result_type(X.dtype, self.coefs_[0].dtype), np.dtype(float))
        params = as_layers(self.coefs_, self.intercepts_, dtype)
        with jax.enable_x64(True):
            network = self._network(HEADS[self.out_activation_])
            return answers_of(network, params, X).AL

    def _network(self, output: str | Head) -> Network:
        sizes = [W.shape for W in self.coefs_]
        dims = (sizes[0][0], *(n for _, n in sizes))
        named = self._activations(len(dims) - 2)
        hidden: Any = tuple(_ACTIVATIONS.get(g, g) for g in named)
        return Network(dims, hidden, output)

    def _activations(self, count: int) -> tuple[str | Activation, ...]:
        if not isinstance(self.activation, tuple):
            return (self.activation,) * count
        if len(self.activation) != count:
            raise ValueError(
                f"activation must name {count} activations, one per hidden layer, got "
                f"{self.activation!r}"
            )
        return self.activation

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None,
        validation: Validation,
        incremental: bool,
        listeners: Listeners | None = None,
    ) -> None:
        sizes = _hidden_sizes(self.hidden_layer_sizes)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = self._validated(X, y, reset=first)
        Y = self._learned_targets(y, incremental)
        data = self._data(X, Y, y, sample_weight)
        random = check_random_state(self.random_state)
        if first:
            self.n_outputs_ = Y.shape[1]
            self._initialize([X.shape[1], *sizes, self.n_outputs_], random, X.dtype)
        else:
            check_goes_on(type(self).__name__, self.coefs_, sizes, Y.shape[1])
        # What goes on does so in the dtype it began with.
        dtype = np.result_type(np.float32, *self.coefs_)
        data = data._replace(X=X.astype(dtype, copy=False))
        network = self._network(HEADS[self.out_activation_])
        with jax.enable_x64(True):
            if self.solver == "lbfgs":
                if any(of is not None for of in validation):
                    raise ValueError("lbfgs watches no validation part: drop X_val")
                lbfgs.train(self, network, data, listeners)
            else:
                self._begin_records()
                data, watched = self._split(data, validation, random, incremental)
                threshold = np.inf if len(getattr(self, "classes_", ())) == 1 else 0.5
                task = stochastic.Task(
                    network, data, watched, threshold, random, incremental
                )
                stochastic.train(self, task, listeners)
        if not all(np.isfinite(of).all() for of in [*self.coefs_, *self.intercepts_]):
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may "
                "contain large values and need to be preprocessed."
            )

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        dtypes = [np.dtype(np.float64), np.dtype(np.float32)]
        if self.dtype is not None:
            if np.dtype(self.dtype) not in dtypes:
                raise ValueError(
                    f"dtype must be float32 or float64, got {self.dtype!r}"
                )
            dtypes = [np.dtype(self.dtype)]
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            multi_output=True,
            y_numeric=not is_classifier(self),
            dtype=dtypes,
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _data(self, X: Any, Y: Any, y: Any, sample_weight: Any) -> Data:
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X)
        return Data(X, Y, self._weighed(y, sample_weight))

    def _initialize(
        self, sizes: list[int], random: np.random.RandomState, dtype: DTypeLike
    ) -> None:
        self.n_iter_, self.t_, self.n_layers_ = 0, 0, len(sizes)
        self.out_activation_ = self._out_activation()
        hidden = self._activations(len(sizes) - 2)
        last: tuple[Any, ...] = hidden[-1:] or (self.activation,)
        self.coefs_, self.intercepts_ = initial_coefficients(
            random, sizes, (*hidden, *last), dtype
        )
        for leftover in ("_best", "_solver_state", *_RECORDS):
            if hasattr(self, leftover):
                delattr(self, leftover)

    def _begin_records(self) -> None:
        """Of epochs, unless those of the last fit go on."""
        goes_on = hasattr(self, "best_loss_")
        if goes_on and self.early_stopping == (self.best_loss_ is None):
            return
        self.loss_curve_, self._no_improvement_count = [], 0
        self.validation_loss_curve_ = None
        self.best_loss_, self.validation_scores_ = np.inf, None
        self.best_validation_score_ = None
        if self.early_stopping:
            self.best_loss_, self.validation_scores_ = None, []
            self.best_validation_score_ = -np.inf

    def _split(
        self,
        data: Data,
        validation: Validation,
        random: np.random.RandomState,
        incremental: bool,
    ) -> tuple[Data, Data | None]:
        """The part to train on, and the validation part: given, or split off."""
        X_val, y_val, sample_weight_val = validation
        if X_val is not None:
            if y_val is None:
                raise ValueError("X_val is provided, but y_val was not provided.")
            X_val, y_val = self._validated(X_val, y_val, reset=False)
            watched = self._data(X_val, self._targets(y_val), y_val, sample_weight_val)
            watched = watched._replace(X=X_val.astype(data.X.dtype, copy=False))
            return data, watched
        if y_val is not None:
            raise ValueError("y_val is provided, but X_val was not provided.")
        if not self.early_stopping:
            return data, None
        if incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        parts: list[Any] = train_test_split(
            *(of for of in data if of is not None),
            random_state=random,
            test_size=self.validation_fraction,
            stratify=data.Y if is_classifier(self) and self.n_outputs_ == 1 else None,
        )
        if parts[1].shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or "
                "the size of your dataset."
            )
        weights = parts[4:] or (None, None)
        if len(parts) > 4:
            check_whole(check_sample_weight(parts[5], parts[1]))
        train, watched = zip(parts[:2], parts[2:4], weights, strict=True)
        return Data(*train), Data(*watched)


def _hidden_sizes(given: ArrayLike) -> list[Any]:
    sizes = list(given) if isinstance(given, Iterable) else [given]
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return sizes


def partial_fit_where_stochastic(method: Any) -> Any:
    """Offer a method only where the solver trains in epochs."""
    return available_if(lambda estimator: estimator._is_stochastic())(
        fit_context(prefer_skip_nested_validation=True)(method)
    )
