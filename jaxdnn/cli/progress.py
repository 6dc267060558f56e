"""A progress bar on stderr, where that is a terminal."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import isfinite

from jaxdnn import Progress
from jaxdnn._extras import require
from jaxdnn.cli.aligned import number


@contextmanager
def progress(
    epochs: int, *, quiet: bool
) -> Generator[Callable[[Progress], None], None, None]:
    """What `fit(on_progress=...)` is to call: it moves the bar.

    Args:
      epochs: how many there are in all.
      quiet: no bar, even on a terminal.

    Example:
      >>> import jax
      >>> from jaxdnn import Network, fit
      >>> X, key = jax.numpy.ones((1, 3)), jax.random.key(0)
      >>> with progress(10, quiet=True) as show:
      ...     result = fit(
      ...         Network((1, 1)),
      ...         X,
      ...         X,
      ...         key=jax.random.key(0),
      ...         epochs=10,
      ...         on_progress=show,
      ...     )
    """
    if quiet or not sys.stderr.isatty():
        yield _show_nothing
        return
    # The bar takes what the terminal's width leaves it.
    with require("tqdm").tqdm(
        total=epochs,
        bar_format="training        {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt}"
        "{postfix}, {remaining} left",
    ) as bar:

        def show(told: Progress) -> None:
            text = f"cost {number(told.cost)}"
            scores = told.history.validation_score
            # R2 does not exist of one row, nor of equal ones.
            if scores is not None and isfinite(scores[-1]):
                text += f", validation {number(float(scores[-1]))}"
            bar.set_postfix_str(text, refresh=False)
            bar.update(told.epoch - bar.n)

        yield show


def _show_nothing(_told: Progress) -> None:
    pass
