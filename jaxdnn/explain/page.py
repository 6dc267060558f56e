"""A recording as one page: its numbers as JSON in the middle of the files in web/."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn import Report, __version__
from jaxdnn._atomic import write
from jaxdnn._refusals import BadValueError, public
from jaxdnn.explain.recording import Recording
from jaxdnn.explain.template import filled


@public
def page(
    recording: Recording,
    *,
    title: str = "",
    inputs: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> str:
    """The page as HTML: whole in itself, it asks nothing of anywhere.

    Args:
      recording: of `record`.
      title: what the examples are called.
      inputs: n_x names, of the rows of X; x1, x2, ... if None.
      classes: the classes' names; 0, 1, ... if None.

    Raises:
      ValueError: not as many names as there are inputs or classes.

    Example:
      >>> import jax
      >>> from jaxdnn import Network
      >>> from jaxdnn.explain.recording import record
      >>> X, Y = np.eye(2), np.array([[0.0, 1.0]])
      >>> run = record(Network((2, 1)), X, Y, key=jax.random.key(0), epochs=5)
      >>> html = page(run, title="two points")
      >>> html.count("<script>"), "two points" in html, "https://" in html
      (1, True, False)
    """
    said = {**_numbers(recording), "title": title, "version": __version__}
    n_x, *_, n_L = recording.network.layer_dims
    for name, given, plain in (
        ("inputs", inputs, [f"x{i}" for i in range(1, n_x + 1)]),
        ("classes", classes, [f"{i}" for i in range(max(2, n_L))]),
    ):
        names = list(given or plain)
        if len(names) != len(plain):
            raise BadValueError(f"{name} must be {len(plain)} names, got {len(names)}")
        said[name] = names
    # A name with a < in it would be taken for markup, the end of the script even.
    data = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return filled("page.html", data=data.replace("<", "\\u003c"))


def write_page(
    recording: Recording, file: str | os.PathLike[str], **names: Any
) -> Path:
    """Write `page(recording, **names)`: whole, or not at all.

    Raises:
      ValueError: as `page`.
      OSError: the folder is missing or not writable.

    Example:
      >>> import jax, tempfile
      >>> from jaxdnn import Network
      >>> from jaxdnn.explain.recording import record
      >>> X, Y = np.eye(2), np.array([[0.0, 1.0]])
      >>> run = record(Network((2, 1)), X, Y, key=jax.random.key(0), epochs=5)
      >>> write_page(run, Path(tempfile.mkdtemp()) / "run.html").name
      'run.html'
    """
    html = page(recording, **names)
    write(path := Path(file), html.encode())
    return path


def _numbers(recording: Recording) -> dict[str, Any]:
    """All numbers of the page, in lists: examples, parameters, masks, the verdict."""
    network, look = recording.network, recording.look
    return {
        "layer_dims": network.layer_dims,
        "hidden": [g.name for g in network.activations],
        "head": network.head.name,
        "learning_rate": recording.learning_rate,
        "l2": recording.l2,
        "keep_prob": recording.keep_prob,
        "X": recording.X.T.tolist(),
        "Y": recording.Y.T.tolist(),
        "snapshots": [
            {
                "epoch": int(epoch),
                "cost": float(look.cost[s]),
                "params": [
                    {"W": W[s].tolist(), "b": b[s, :, 0].tolist()}
                    for W, b in look.params
                ],
                "masks": [_packed(masks[s]) for masks in look.masks],
            }
            for s, epoch in enumerate(recording.epochs)
        ],
        "verdict": {"epoch": recording.verified, **_verdict(recording.report)},
    }


def _packed(mask: NDArray[np.bool_]) -> str:
    """Row after row, eight entries a byte, in base64."""
    return base64.b64encode(np.packbits(mask).tobytes()).decode()


def _verdict(report: Report) -> dict[str, Any]:
    """What `verify` said, and of each gradient how far it is off."""
    return {
        "line": report.verdict_line.removeprefix("verdict: "),
        "limit": report.limit,
        "rows": {
            row.name: {
                "units": f"{max(row.units or 0, row.step or 0):.1f}",
                "ok": row.status == "ok",
            }
            for row in report.rows
        },
    }
