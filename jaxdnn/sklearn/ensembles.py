"""Ensembles: the same network from several seeds, their mean and their spread.

Members differ in initial parameters, shuffles, masks and, with `early_stopping`, in
what they set aside. All go through the program that the first one compiled, one after
the other: each is to the bit the estimator of its seed, and ends where its own rule
says. One program for all would be compiled for each number of members, and go on until
the last has ended.

References:
  Lakshminarayanan, Pritzel & Blundell (2017), NIPS 30 (deep ensembles).
"""

# pyright: reportPrivateUsage=false

from inspect import Parameter, signature
from numbers import Integral
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from jaxdnn.arrays import ArrayLike
from jaxdnn.sklearn.borrowed import Interval, fit_context
from jaxdnn.sklearn.classifier import MLPClassifier, probabilities
from jaxdnn.sklearn.perceptron import Perceptron, remember
from jaxdnn.sklearn.regressor import MLPRegressor
from jaxdnn.sklearn.takes import RandomState


class Ensemble(BaseEstimator):
    """The base of the ensembles: a child says of what, by `of`."""

    n_members: int
    random_state: RandomState
    warm_start: bool

    _member: type[Perceptron]

    def __init_subclass__(cls, of: type[Perceptron] | None = None, **rest: Any) -> None:
        """Take the parameters of a member, and `n_members` before them."""
        super().__init_subclass__(**rest)
        if of is None:  # a child's child
            return
        cls._member = of
        cls._parameter_constraints = {
            **of._parameter_constraints,
            "n_members": [Interval(Integral, 1, None, closed="left")],
        }
        itself, *others = signature(of.__init__).parameters.values()
        by_name = [other.replace(kind=Parameter.KEYWORD_ONLY) for other in others]
        count = Parameter("n_members", Parameter.POSITIONAL_OR_KEYWORD, default=8)
        taken = signature(of.__init__).replace(parameters=[itself, count, *by_name])

        def begin(self: Any, *args: Any, **keywords: Any) -> None:
            given = taken.bind(self, *args, **keywords)
            given.apply_defaults()
            remember(self, given.arguments)

        begin.__signature__ = taken  # pyright: ignore[reportFunctionMemberAccess]
        cls.__init__ = begin

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
        """Train each member, from a seed of its own that `random_state` draws.

        Args:
          X, y, sample_weight, X_val, y_val, sample_weight_val: as for a member.

        Returns:
          The estimator.
        """
        validate_data(self, X, skip_check_array=True)
        options = self.get_params(deep=False)
        del options["n_members"], options["random_state"]
        if not (self.warm_start and hasattr(self, "members_")):
            random = check_random_state(self.random_state)
            seeds = random.randint(2**31 - 1, size=self.n_members)
            self.members_ = [
                self._member().set_params(random_state=int(seed)) for seed in seeds
            ]
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        for member in self.members_:
            member.set_params(**options).fit(X, y, sample_weight, **given)
        self.n_iter_ = max(member.n_iter_ for member in self.members_)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """What the mean of the members' outputs says of each row of X (m, n_x)."""
        return self._first()._said(self._outputs(X).mean(axis=0))

    def _first(self) -> Any:
        check_is_fitted(self)
        return self.members_[0]

    def _outputs(self, X: Any) -> npt.NDArray[np.floating]:
        """AL (n_members, m, n_L) of the rows of X."""
        check_is_fitted(self)
        return np.stack([member._outputs(X) for member in self.members_])

    def __sklearn_tags__(self) -> Any:
        return self._member().__sklearn_tags__()


class MLPEnsembleClassifier(ClassifierMixin, Ensemble, of=MLPClassifier):
    """Several `MLPClassifier`s from several seeds: the mean of what they say.

    Args:
      n_members: how many. All other parameters, by name only, are those of a member.

    Attributes:
      members_: the fitted members; classes_: the labels, sorted; n_iter_: the most
        epochs that a member needed.

    Example:
      >>> from sklearn.datasets import load_iris
      >>> X, y = load_iris(return_X_y=True)
      >>> model = MLPEnsembleClassifier(3, hidden_layer_sizes=(8,), solver="lbfgs")
      >>> model = model.set_params(random_state=0, max_iter=500).fit(X, y)
      >>> model.predict_members(X).shape, model.predict_spread(X).shape
      ((3, 150, 3), (150, 3))
    """

    __module__ = "jaxdnn.sklearn"

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The labels, sorted."""
        return self._first().classes_

    def predict_proba(self, X: Any) -> npt.NDArray[np.floating]:
        """The members' mean probability of each class (m, n_classes)."""
        return self.predict_members(X).mean(axis=0)

    def predict_log_proba(self, X: Any) -> npt.NDArray[np.floating]:
        """The logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def predict_members(self, X: Any) -> npt.NDArray[np.floating]:
        """Each member's probabilities (n_members, m, n_classes)."""
        return probabilities(self._outputs(X))

    def predict_spread(self, X: Any) -> npt.NDArray[np.floating]:
        """The standard deviation of the members' probabilities (m, n_classes)."""
        return self.predict_members(X).std(axis=0)


class MLPEnsembleRegressor(RegressorMixin, Ensemble, of=MLPRegressor):
    """Several `MLPRegressor`s from several seeds: the mean of what they predict.

    Args:
      n_members: how many. All other parameters, by name only, are those of a member.

    Attributes:
      members_, n_iter_: as for `MLPEnsembleClassifier`.

    Example:
      >>> import numpy as np
      >>> X = np.linspace(-1, 1, 50)[:, None]
      >>> model = MLPEnsembleRegressor(3, hidden_layer_sizes=(8,), solver="lbfgs")
      >>> model = model.set_params(random_state=0).fit(X, X[:, 0] ** 2)
      >>> far, near = model.predict_spread([[30.0], [0.5]])
      >>> bool(far > 10 * near)
      True
    """

    __module__ = "jaxdnn.sklearn"

    def predict_members(self, X: Any) -> npt.NDArray[np.floating]:
        """Each member's predictions (n_members, m), or (n_members, m, n_L)."""
        outputs = self._outputs(X)
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs

    def predict_spread(self, X: Any) -> npt.NDArray[np.floating]:
        """The standard deviation of the members' predictions (m,), or (m, n_L)."""
        return self.predict_members(X).std(axis=0)
