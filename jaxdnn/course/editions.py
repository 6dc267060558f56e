"""What a name of the course means in which year's notebooks, and in which notebook.

The notebooks were published in 2017 and again, with public tests, in 2021; the same
name means something else in some of them. `EDITIONS` and `NOTEBOOKS` are all there is
to that: functions ask `current()` for the facts they depend on. The tables in
`jaxdnn.course` say the same by name.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from jaxdnn._refusals import BadValueError, public, shown


class Notebook(NamedTuple):
    """What a notebook draws its weights from, and what its functions return.

    seed: of initialize_parameters(n_x, n_h, n_y); deep: seed and scale of
    initialize_parameters_deep, None for / sqrt(n_prev); pairs: sigmoid and relu return
    (A, Z) in place of A; floats: predict(X, y, parameters) returns 0. and 1., None for
    networks of other than three layers; initialization: model's where none is given.
    """

    seed: int = 2
    deep: tuple[int, float | None] = (3, 0.01)
    pairs: bool = False
    floats: bool | None = False
    initialization: str | None = None


_ANY = Notebook(pairs=True, floats=None)
NOTEBOOKS: Mapping[str, Notebook] = MappingProxyType(
    {
        "planar": Notebook(),
        "step by step": Notebook(seed=1, pairs=True),
        "application": Notebook(seed=1, deep=(1, None), pairs=True, floats=True),
        "initialization": Notebook(initialization="he"),
        "regularization": Notebook(),
        "gradient checking": Notebook(),
    }
)


@dataclass(frozen=True)
class Edition:
    """A year's meaning of the names: in a `with`, or of the names it holds itself.

    Threads and tasks each have their own. Inside another `with`, the inner one holds.

    Args:
      year: 2017 or 2021.
      seed: what nn_model draws its weights from.
      returns_costs: whether the application's models return (parameters, costs).
      prints_last: whether they print the last cost, told to print or not.
      plots_costs: whether they plot the costs.
      deep_form: how L_layer_model prints a cost: six digits, "f", or all, "".
      booleans: whether predict(parameters, X) returns truth values.
      print_msg: whether gradient checks print where they are not told.
      says_difference: whether gradient_check prints the difference.
      bumped: whether L_model_backward also has dA_L, an early name of dA_{L-1}.
      notebook: which notebook's, where notebooks of a year differ.

    Example:
      >>> from jaxdnn import course
      >>> with course.edition(2017):
      ...     _ = course.gradient_check(2, 4)
      The gradient is correct!
      >>> as_of_2017 = course.edition(2017)
      >>> _ = as_of_2017.gradient_check(2, 4)
      The gradient is correct!
    """

    year: int
    seed: int
    returns_costs: bool
    prints_last: bool
    plots_costs: bool
    deep_form: str
    booleans: bool
    print_msg: bool
    says_difference: bool
    bumped: bool
    notebook: Notebook = _ANY

    def __enter__(self) -> "Edition":
        _entered.set((*_entered.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        _entered.set(_entered.get()[:-1])

    def __getattr__(self, name: str) -> Any:
        """The course's function of that name, run under this edition; or `__all__`."""
        course = import_module("jaxdnn.course")
        if name == "__all__":
            return course.__all__
        if name not in course.__all__:
            raise AttributeError(f"the course has no {name!r}", name=name, obj=self)
        function = getattr(course, name)

        @wraps(function)
        def of_this_edition(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return of_this_edition


EDITIONS: Mapping[int, Edition] = MappingProxyType(
    {
        2017: Edition(
            2017,
            seed=2,
            returns_costs=False,
            prints_last=False,
            plots_costs=True,
            deep_form="f",
            booleans=False,
            print_msg=True,
            says_difference=False,
            bumped=True,
        ),
        2021: Edition(
            2021,
            seed=3,
            returns_costs=True,
            prints_last=True,
            plots_costs=False,
            deep_form="",
            booleans=True,
            print_msg=False,
            says_difference=True,
            bumped=False,
        ),
    }
)
_entered: ContextVar[tuple[Edition, ...]] = ContextVar(
    "the editions entered", default=(EDITIONS[max(EDITIONS)],)
)


def current() -> Edition:
    """The edition entered last; the newest, where none is.

    Example:
      >>> current().year
      2021
    """
    return _entered.get()[-1]


@public
def edition(year: int, notebook: str | None = None) -> Edition:
    """The meanings of a year, to be used `with` or by attribute; 2021 is the default.

        with course.edition(2017):                  # inside, names mean what they did
            parameters = course.two_layer_model(...)
        as_of_2017 = course.edition(2017)           # or by attribute
        parameters = as_of_2017.two_layer_model(...)
        from jaxdnn.course.edition_2017 import *    # or all of them, in a notebook

    Args:
      year: 2017 or 2021.
      notebook: "planar", "step by step", "application", "initialization",
        "regularization" or "gradient checking". It decides what notebooks of one year
        disagree on, and no argument tells: the seeds of `initialize_parameters` (2; 1
        in the step-by-step notebook and the application) and of
        `initialize_parameters_deep` (3, x 0.01; in the application 1, / sqrt(n_prev)),
        whether `sigmoid` and `relu` return A or, as in those two, (A, Z), whether
        `predict(X, y, parameters)` returns floats, as in the application, and what
        `model` takes where no initialization is given. Not told, the seeds are 2 and
        3, (A, Z) is returned, floats come of any but three layers, and the model is
        the regularisation notebook's.

    Raises:
      ValueError: there is no such edition, or no such notebook.

    Example:
      >>> step_by_step = edition(2021, "step by step")
      >>> step_by_step.initialize_parameters(3, 2, 1)["W2"].round(8).tolist()
      [[0.01744812, -0.00761207]]
      >>> edition(2019)
      Traceback (most recent call last):
      ValueError: edition: year must be one of 2017, 2021, got 2019
    """
    found = _looked_up("year", year, EDITIONS)
    if notebook is None:
        return found
    return replace(found, notebook=_looked_up("notebook", notebook, NOTEBOOKS))


def _looked_up(name: str, key: Any, known: Mapping[Any, Any]) -> Any:
    if not isinstance(key, (int, str)) or key not in known:
        raise BadValueError(
            f"{name} must be one of {', '.join(map(str, known))}, got {shown(key)}"
        )
    return known[key]
