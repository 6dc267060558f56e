"""ONNX: a network, or a whole model of a table, for every runtime that reads it."""

import json
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from jaxdnn import Network, Parameters
from jaxdnn._atomic import write
from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError, public
from jaxdnn.arrays import ArrayLike
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.export.comparing import Comparison, compare_pieces
from jaxdnn.export.onnx.columns import add_columns, add_gaps, onnx_inputs
from jaxdnn.export.onnx.graph import Graph
from jaxdnn.export.onnx.network import add_network, check_known
from jaxdnn.export.onnx.targets import add_targets
from jaxdnn.export.subject import Subject
from jaxdnn.export.writing import check_free
from jaxdnn.models.model import Model, Prediction

# What a protocol buffer holds, and room for all that is not parameters.
_MOST_BYTES = 2**31 - 2**20


@public
def export_onnx(
    network: Network,
    params: Parameters,
    file: str | os.PathLike[str],
    *,
    preprocessing: Preprocessing | None = None,
    rows: ArrayLike | Table | Iterable[Table] | None = None,
    force: bool = False,
) -> Comparison:
    """Write the network as ONNX, after onnxruntime read it back and it was compared.

    Without a preprocessing it takes X (m, n_x) in the parameters' dtype and gives
    probabilities (m, n_L) and label (m, ·) in int64, as `predict_proba` and `predict`
    with one row an example; value (m, n_L) where there are no classes.

    With one it is the whole model: an input (m, 1) of each column's name, of numbers in
    float64 (NaN where one is missing), of texts ("" where one is missing), of dates in
    whole seconds since 1970 (the smallest int64 where one is missing): `onnx_inputs`
    makes them of a table. A text that is no category is encoded as zeros; categories
    are compared as texts, letter by letter. Label (m,) holds the class names and
    probabilities (m, k) one for each class, value (m,) numbers in the target's own
    units; several targets go by their names. Where the model was trained on rows
    without gaps alone, a row with one gets NaN, and "" as its label. An output whose
    name a column has is called so with _2 behind it.

    Operators of set 20, IR version 10; m is open. The file's metadata says under
    "jaxdnn" as JSON what the network and the columns are, under "classes" and
    "columns" their names.

    Args:
      network, params: as for `predict`, float32 or float64; gelu in float32 alone.
        Where x64 is not enabled, float64 is taken as float32, an estimator's too.
      file: its name.
      preprocessing: of a model.
      rows: X (n_x, m), or with a preprocessing a Table, or pieces of one, to compare
        on; else drawn.
      force: whether it may replace a file that is there.

    Returns:
      How many rows were compared, and the largest difference.

    Raises:
      ValueError: the file is there already; parts that do not fit; functions of one's
        own; parameters of 2 GiB; what was read back says something else.
      OSError: it cannot be written.
      ModuleNotFoundError: onnx or onnxruntime is not installed.

    Example:
      >>> import tempfile
      >>> from pathlib import Path
      >>> params = ((np.ones((1, 2), "f"), np.zeros((1, 1), "f")),)
      >>> path = Path(tempfile.mkdtemp()) / "model.onnx"
      >>> export_onnx(Network((2, 1)), params, path).rows
      64
      >>> import onnxruntime
      >>> session = onnxruntime.InferenceSession(path)
      >>> session.run(["probabilities"], {"X": np.zeros((1, 2), "f")})[0].tolist()
      [[0.5]]

    References:
      https://onnx.ai/onnx/operators/.
    """
    path = check_free(file, force=force)
    subject = Subject.admitted(network, params, preprocessing)
    check_known(network)
    size = sum(array.nbytes for layer in subject.params for array in layer)
    if size > _MOST_BYTES:
        raise BadValueError(
            f"params must take less than 2 GiB, which is what ONNX holds, got {size} B"
        )
    content = _content(subject)
    session = require("onnxruntime", extra="export").InferenceSession(
        content, providers=["CPUExecutionProvider"]
    )
    comparison = compare_pieces(
        subject.pieces(rows),
        lambda some: _found(session, subject, some),
        lambda some: _wanted(subject, some),
        subject.dtype,
    )
    write(path, content)
    return comparison


def _content(subject: Subject) -> bytes:
    """The file's bytes."""
    graph = Graph(subject.dtype)
    network, columns = subject.network, subject.preprocessing
    if columns is None:
        X = graph.input("X", graph.dtype, network.layer_dims[0])
        AL, decided = add_network(graph, network, subject.params, X)
        if decided is None:
            graph.output("value", AL)
        else:
            graph.output("label", decided)
            graph.output("probabilities", AL)
    else:
        X = add_columns(graph, columns.columns)
        gaps = add_gaps(graph, columns.columns) if subject.refuses_gaps else None
        answers = add_network(graph, network, subject.params, X)
        add_targets(graph, columns.targets, answers, gaps)
    return graph.model(_metadata(subject)).SerializeToString()


def _metadata(subject: Subject) -> dict[str, str]:
    """What the file says of itself."""
    network, columns = subject.network, subject.preprocessing
    said: dict[str, Any] = {
        "network": {
            "layer_dims": network.layer_dims,
            "hidden": [g.name for g in network.activations],
            "output": network.head.name,
        }
    }
    if columns is None:
        return {"jaxdnn": json.dumps(said)}
    said["preprocessing"] = columns.to_json()
    classes = {target.name: target.classes for target in columns.targets}
    return {
        "jaxdnn": json.dumps(said),
        "classes": json.dumps(classes),
        "columns": json.dumps([column.name for column in columns.columns]),
    }


def _found(session: Any, subject: Subject, rows: Any) -> Prediction:
    """What onnxruntime says, one column an example."""
    columns = subject.preprocessing
    if columns is None:
        inputs = {"X": np.asarray(rows).T.astype(subject.dtype)}
    else:
        inputs = onnx_inputs(columns, rows)
    said = session.run(None, inputs)
    chances = said.pop().T if subject.classifies else None
    values = said[0].T if len(said) == 1 else np.stack(said)
    return Prediction(values, chances)


def _wanted(subject: Subject, rows: Any) -> Prediction:
    """What the network says itself."""
    if subject.preprocessing is not None:
        return Model(subject.network, subject.params, subject.preprocessing).predict(
            rows
        )
    said, AL = subject.answers(rows)
    return Prediction(said, AL if subject.classifies else None)
