"""scikit-learn's callbacks: told of each epoch, asked whether it is the last.

An epoch of L-BFGS is an iteration.
"""

from collections.abc import Callable
from typing import Any


class Listeners:
    """Whoever listens to a fit.

    Args:
      estimator: has the callbacks, and `_init_callback_context` was not called yet.
      examples: X, y and metadata as they were given.
    """

    def __init__(self, estimator: Any, examples: dict[str, Any]) -> None:
        self._given = {"estimator": estimator, **examples}
        self._task: Any = None
        self._left = estimator.max_iter
        self.listened_to = bool(getattr(estimator, "_skl_callbacks", None))
        self._fit = estimator._init_callback_context(max_subtasks=estimator.max_iter)
        self._fit.call_on_fit_task_begin(**self._given)

    def begin(self) -> None:
        """An epoch begins, if there may be another."""
        if self.listened_to and self._left:
            self._left -= 1
            self._task = self._fit.subcontext(task_name="epoch")
            self._task.call_on_fit_task_begin(**self._given)

    def end(self, attributes: Callable[[], dict[str, Any]]) -> bool:
        """An epoch has ended; whether it shall be the last.

        attributes: what makes the estimator one that was fitted up to here.
        """
        task, self._task = self._task, None
        return task is not None and task.call_on_fit_task_end(
            **self._given, reconstruction_attributes=attributes
        )

    def close(self) -> None:
        """The fit has ended, and a task that was begun for nothing."""
        if self._task is not None:
            self._task.call_on_fit_task_end(estimator=self._given["estimator"])
        self._fit.call_on_fit_task_end(**self._given)
