"""`MLPClassifier`: labels in and out."""

from typing import Any

import numpy as np
import numpy.typing as npt
from jax.typing import DTypeLike
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target, unique_labels

from jaxdnn.arrays import ArrayLike
from jaxdnn.sklearn.borrowed import StrOptions, check_partial_fit_first_call
from jaxdnn.sklearn.perceptron import (
    Perceptron,
    partial_fit_where_stochastic,
    remember,
)
from jaxdnn.sklearn.solvers import Solver
from jaxdnn.sklearn.takes import (
    Activations,
    ClassWeights,
    RandomState,
    Validation,
    Weights,
)
from jaxdnn.training.optimizers import Schedule


class MLPClassifier(ClassifierMixin, Perceptron):
    """A dense network that tells classes apart; scikit-learn's, and what it lacks.

    Each batch of weight m_b has the cost Σⱼ wⱼ ℓⱼ / m_b + α/(2 m_b) Σ ||W||², with ℓ
    the cross-entropy of a sigmoid (two classes, or labels that exclude nothing) or of a
    softmax. Numbers are traced: another alpha, rate or tolerance, or a few rows more or
    less, compile nothing.

    Args:
      hidden_layer_sizes: units of each hidden layer; () for none.
      activation: of the hidden layers: 'identity', 'logistic', 'tanh', 'relu', others
        of `jaxdnn.ACTIVATIONS`, an `Activation`, or a tuple, one for each layer.
      solver: 'adam', 'sgd' or 'lbfgs'; or a function from a learning rate to an Optax
        transformation, such as `optax.adamw`.
      alpha: α, the strength of L2; biases are not penalised.
      batch_size: examples an update; 'auto' for min(200, m). Not for lbfgs.
      learning_rate: 'constant'; 'invscaling', learning_rate_init / t**power_t after t
        examples; 'adaptive', a fifth whenever n_iter_no_change epochs were misses (not
        for adam); or a function of the updates done.
      learning_rate_init, power_t: see learning_rate.
      max_iter: epochs; of lbfgs, iterations.
      shuffle: whether each epoch has an order of its own.
      random_state: what initial parameters, the validation part, shuffles and dropout
        are drawn from: the same one gives scikit-learn's own model.
      tol: by how much the loss, or with early_stopping the score, must be better for an
        epoch to be no miss; of lbfgs, the largest gradient entry to end with.
      verbose: whether to print each epoch.
      warm_start: whether `fit` goes on from the parameters that are there.
      momentum, nesterovs_momentum: of sgd.
      early_stopping: whether the score of a validation part is watched, and the best
        parameters come back.
      validation_fraction: how much of the examples `fit` sets aside for that.
      beta_1, beta_2, epsilon: of adam.
      n_iter_no_change: how many misses in a row are one too few to end; may be inf.
      max_fun: of lbfgs, the most evaluations of the cost.
      dropout: the probability that a hidden activation is dropped.
      class_weight: what examples of each class count for: a dictionary, or 'balanced'.
      dtype: float32 or float64, whatever X is; None for X's own.

    Attributes:
      classes_: the labels, sorted.
      coefs_, intercepts_: W (n_prev, n) and b (n,) of each layer.
      n_features_in_, feature_names_in_, n_layers_, n_outputs_, out_activation_: of the
        network, its input counted as a layer.
      n_iter_, t_: epochs of the last fit; examples seen over all.
      loss_, loss_curve_, best_loss_: the cost over an epoch's batches, each before its
        update: the last, all, the lowest (None with early_stopping).
      validation_scores_, best_validation_score_: with early_stopping, else None.
      validation_loss_curve_: without L2, after each epoch; None without validation.
      network_, params_: what `jaxdnn`'s functions take, for columns of examples.

    References:
      Rumelhart, Hinton & Williams (1986), Nature 323; Kingma & Ba (2015), ICLR; Byrd,
      Lu, Nocedal & Zhu (1995), SIAM J. Sci. Comput. 16.

    Example:
      >>> from sklearn.datasets import load_iris
      >>> X, y = load_iris(return_X_y=True)
      >>> model = MLPClassifier((8,), max_iter=400, learning_rate_init=0.02)
      >>> model.set_params(random_state=0).fit(X, y).predict(X[::50])
      array([0, 1, 2])
      >>> bool(model.score(X, y) > 0.95), model.network_.layer_dims
      (True, (4, 8, 3))
    """

    __module__ = "jaxdnn.sklearn"

    class_weight: ClassWeights
    loss = "log_loss"

    _parameter_constraints: dict[str, Any] = {  # noqa: RUF012 (scikit-learn's)
        **Perceptron._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
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
        class_weight: ClassWeights = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        remember(self, locals())

    @partial_fit_where_stochastic
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> "MLPClassifier":
        """Train for one epoch, on from where the last call was.

        Args:
          X, y, sample_weight, X_val, y_val, sample_weight_val: as for `fit`.
          classes: all labels there will be; the first call needs them.

        Returns:
          The estimator.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight {self.class_weight!r} is not supported for partial_fit: "
                "it is counted over all of y. Give the weights as a dictionary."
            )
        if check_partial_fit_first_call(self, classes):
            labels = y if type_of_target(y).startswith("multilabel") else classes
            self._label_binarizer = LabelBinarizer().fit(labels)
        self._fit(
            X, y, sample_weight, Validation(X_val, y_val, sample_weight_val), True
        )
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.floating]:
        """The probability of each class (m, n_classes), of the rows of X (m, n_x)."""
        return probabilities(self._outputs(X))

    def predict_log_proba(self, X: Any) -> npt.NDArray[np.floating]:
        """The logarithm of `predict_proba`."""
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _said(self, AL: npt.NDArray[np.floating]) -> npt.NDArray[Any]:
        outputs = AL.ravel() if self.n_outputs_ == 1 else AL
        labels: Any = self._label_binarizer.inverse_transform(outputs)
        return labels

    def _learned_targets(self, y: Any, incremental: bool) -> npt.NDArray[Any]:
        if not (hasattr(self, "classes_") and (self.warm_start or incremental)):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        elif self.warm_start and set(unique_labels(y)) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the "
                f"previous call to fit. Previously got {self.classes_}, `y` has "
                f"{unique_labels(y)}"
            )
        return self._targets(y)

    def _targets(self, y: Any) -> npt.NDArray[Any]:
        labels = unique_labels(y)
        if len(np.setdiff1d(labels, self.classes_, assume_unique=True)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {self.classes_}. 'y' has {labels}."
            )
        return self._label_binarizer.transform(y).astype(bool)

    def _out_activation(self) -> str:
        many = self._label_binarizer.y_type_ == "multiclass"
        return "softmax" if many else "logistic"

    def _weighed(self, y: Any, sample_weight: Weights) -> Weights:
        if self.class_weight is None:
            return sample_weight
        of_classes = compute_sample_weight(self.class_weight, y)
        return of_classes if sample_weight is None else of_classes * sample_weight


def probabilities(AL: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Of each class (..., n_classes), of outputs (..., n_L): one output has two.

    Example:
      >>> probabilities(np.array([[0.25]])).tolist()
      [[0.75, 0.25]]
    """
    return np.concatenate([1 - AL, AL], axis=-1) if AL.shape[-1] == 1 else AL
