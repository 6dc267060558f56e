"""`MLPClassifier`: labels in and out."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target, unique_labels

from jaxdnn.sklearn.borrowed import StrOptions, check_partial_fit_first_call
from jaxdnn.sklearn.perceptron import (
    Perceptron,
    Validation,
    partial_fit_where_stochastic,
    remember,
)


class MLPClassifier(ClassifierMixin, Perceptron):
    """A dense network that tells classes apart."""

    __module__ = "jaxdnn.sklearn"

    class_weight: Any
    loss = "log_loss"

    _parameter_constraints: dict[str, Any] = {  # noqa: RUF012 (scikit-learn's)
        **Perceptron._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
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
        class_weight: Any = None,
        dtype: Any = None,
    ) -> None:
        remember(self, locals())

    @partial_fit_where_stochastic
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
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

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """The probability of each class (m, n_classes), of the rows of X (m, n_x)."""
        AL = self._outputs(X)
        return np.concatenate([1 - AL, AL], axis=1) if self.n_outputs_ == 1 else AL

    def predict_log_proba(self, X: Any) -> npt.NDArray[Any]:
        """The logarithm of `predict_proba`."""
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _said(self, AL: npt.NDArray[Any]) -> npt.NDArray[Any]:
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

    def _weighed(self, y: Any, sample_weight: Any) -> Any:
        if self.class_weight is None:
            return sample_weight
        of_classes = compute_sample_weight(self.class_weight, y)
        return of_classes if sample_weight is None else of_classes * sample_weight
