"""A progress bar on stderr, where that is a terminal."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from jaxdnn import ChunkInfo
from jaxdnn.app._extras import require


@contextmanager
def progress(
    epochs: int, *, quiet: bool
) -> Generator[Callable[[ChunkInfo], None], None, None]:
    """What `fit(on_chunk=...)` is to call: it moves the bar.

    Args:
      epochs: how many there are in all.
      quiet: no bar, even on a terminal.

    Example:
      >>> with progress(1000, quiet=True) as show:
      ...     show(ChunkInfo(epoch=10, epochs=1000, cost=0.5, params=(), state=None))
    """
    with require("tqdm").tqdm(
        total=epochs,
        disable=quiet or None,  # None: where stderr is no terminal
        bar_format="training        {percentage:3.0f}% |{bar:20}| {n_fmt}/{total_fmt}, "
        "{remaining} left{postfix}",
    ) as bar:

        def show(info: ChunkInfo) -> None:
            bar.set_postfix_str(f"cost {info.cost:.4f}", refresh=False)
            bar.update(info.epoch - bar.n)

        yield show
