"""What a model says, as outputs of an ONNX graph: names of classes, or numbers."""

from collections.abc import Sequence

import numpy as np

from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.kinds import Target
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.export.onnx.graph import Graph


def add_targets(
    graph: Graph,
    targets: Sequence[Target],
    answers: tuple[str, str | None],
    gaps: str | None = None,
) -> list[str]:
    """The outputs, each (m,), and of classes the probabilities behind them, (m, k).

    One target goes by the name of label or value, several by their own.

    Args:
      graph: to grow.
      targets: of the model.
      answers: AL (m, n_L) and what is decided, as `add_network` says.
      gaps: (m, 1) where a row has no answer: NaN, and "" for its label.

    Example:
      >>> graph = Graph(np.float32)
      >>> x = graph.input("x", np.float32, 1)
      >>> add_targets(graph, [Numbers("y", 0.0, 1.0)], (x, None))
      ['value']
    """
    AL, decided = answers
    if gaps is not None:
        AL = graph.op("Where", gaps, graph.number(np.nan), AL)
    names = ["label" if targets[0].classes else "value"]
    if len(targets) > 1:
        names = [target.name for target in targets]
    said: list[str] = []
    for place, (name, target) in enumerate(zip(names, targets, strict=True)):
        value = _decoded(graph, target, graph.column(decided or AL, place))
        if decided is not None and gaps is not None:
            nothing = graph.constant(np.array("", dtype=object))
            value = graph.op("Where", graph.column(gaps, 0), nothing, value)
        said.append(graph.output(name, value))
    if not targets[0].classes:
        return said
    if len(targets) == 1 and targets[0].outputs == 1:
        other = graph.op("Sub", graph.number(1), AL)
        AL = graph.op("Concat", other, AL, axis=1)
    return [*said, graph.output("probabilities", AL)]


def _decoded(graph: Graph, target: Target, said: str) -> str:
    """(m,) in the target's own names or units."""
    if isinstance(target, Categories):
        return graph.names(said, target.categories)
    said = graph.cast(said, np.float64)
    if not isinstance(target, Numbers):
        return said
    scaled = graph.op("Mul", said, graph.constant(np.float64(target.deviation)))
    return graph.op("Add", scaled, graph.constant(np.float64(target.mean)))
