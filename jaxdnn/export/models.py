"""A model's file in a format that its name says."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from jaxdnn._checks import check_kind
from jaxdnn._refusals import BadValueError, public
from jaxdnn.data.tables import Table
from jaxdnn.export.comparing import Comparison
from jaxdnn.export.onnx.exporting import export_onnx
from jaxdnn.export.stablehlo import export_stablehlo
from jaxdnn.models.model import Model

# How a file's name ends -> what writes it.
FORMATS: Mapping[str, Callable[..., Comparison]] = MappingProxyType(
    {".onnx": export_onnx, ".stablehlo": export_stablehlo}
)


@public
def export_model(
    model: Model,
    file: str | os.PathLike[str],
    *,
    rows: Table | Iterable[Table] | None = None,
    force: bool = False,
) -> Comparison:
    """Write a model as ONNX or StableHLO, after it was read back and compared.

    Args:
      model: of `load_model`, or of a run.
      file: its name ends in .onnx or .stablehlo: see `export_onnx`, `export_stablehlo`.
      rows: to compare on, in one table or in pieces; else some are drawn.
      force: whether it may replace a file that is there.

    Returns:
      How many rows were compared, and the largest difference.

    Raises:
      TypeError: no Model; an estimator is none: see `export_onnx` for its network_ and
        params_.
      ValueError: another ending, or what the format's own function refuses.

    Example:
      >>> import tempfile
      >>> import numpy as np
      >>> from jaxdnn import Layer, Network
      >>> from jaxdnn.data.columns.categories import Categories
      >>> from jaxdnn.data.columns.numbers import Numbers
      >>> from jaxdnn.data.preprocessing import Preprocessing
      >>> kinds = Categories("kind", ("cat", "dog"))
      >>> columns = Preprocessing((Numbers("x", mean=2, deviation=1),), (kinds,))
      >>> params = (Layer(np.ones((1, 1), "f"), np.zeros((1, 1), "f")),)
      >>> path = Path(tempfile.mkdtemp()) / "model.onnx"
      >>> export_model(Model(Network((1, 1)), params, columns), path).rows
      64
      >>> import onnxruntime
      >>> session = onnxruntime.InferenceSession(path)
      >>> session.run(["label"], {"x": np.array([[1.0], [3.0]])})[0].tolist()
      ['cat', 'dog']
    """
    check_kind("model", model, Model, "a Model, of load_model or of a run")
    write = FORMATS.get(Path(file).suffix)
    if write is None:
        raise BadValueError(
            f"file must end in {' or '.join(FORMATS)}, got {os.fspath(file)}"
        )
    return write(
        model.network,
        model.params,
        file,
        preprocessing=model.preprocessing,
        rows=rows,
        force=force,
    )
