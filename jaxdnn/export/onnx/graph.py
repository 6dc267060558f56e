"""An ONNX graph as it grows: operators, constants, what goes in and comes out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.typing import DTypeLike
from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.arrays import ArrayLike

OPSET = 20
IR_VERSION = 10


class Graph:
    """Nodes in order; every value has a name, and no two have the same.

    Args:
      dtype: of the network's numbers, float32 or float64.

    Example:
      >>> graph = Graph(np.float32)
      >>> x = graph.input("x", np.float32, 2)
      >>> graph.output("y", graph.op("Mul", x, graph.number(2)))
      'y'
      >>> [node.op_type for node in graph.model({}).graph.node]
      ['Mul', 'Identity']
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self._onnx = require("onnx", extra="export")
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._taken: set[str] = set()

    def input(self, name: str, dtype: DTypeLike, width: int) -> str:
        """(m, width) handed over under a name that is the caller's; before all else."""
        self._taken.add(name)
        kind = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        info = self._onnx.helper.make_tensor_value_info(name, kind, ["m", width])
        self._inputs.append(info)
        return name

    def output(self, name: str, value: str) -> str:
        """Hand out a value; its name, with _2 behind it where a column has that."""
        name = self._fresh(name)
        self._nodes.append(
            self._onnx.helper.make_node("Identity", [value], [name], name=name)
        )
        self._outputs.append(self._onnx.helper.make_empty_tensor_value_info(name))
        return name

    def constant(self, array: ArrayLike, name: str = "/constant") -> str:
        """Numbers or texts."""
        name = self._fresh(name)
        array = np.asarray(array, order="C")
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def number(self, value: float) -> str:
        """() in the network's dtype."""
        return self.constant(self.dtype.type(value))

    def op(self, operator: str, *values: str, **attributes: Any) -> str:
        """What an operator makes of values."""
        name = self._fresh(f"/{operator}")
        make = self._onnx.helper.make_node
        # Nodes have names too: onnxruntime makes some of its own from them.
        self._nodes.append(
            make(operator, list(values), [name], name=name, **attributes)
        )
        return name

    def cast(self, value: str, dtype: DTypeLike) -> str:
        """The value in another dtype."""
        kind = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.op("Cast", value, to=kind)

    def column(self, value: str, place: int) -> str:
        """(m,) one column of (m, n)."""
        return self.op("Gather", value, self.constant(np.int64(place)), axis=1)

    def names(self, value: str, texts: Sequence[str]) -> str:
        """The texts at the places that the value holds."""
        found: NDArray[Any] = np.array(texts, dtype=object)
        return self.op("Gather", self.constant(found), value)

    def model(self, metadata: dict[str, str]) -> Any:
        """The whole, with its kinds and shapes inferred and checked."""
        from jaxdnn import __version__

        helper = self._onnx.helper
        model = helper.make_model(
            helper.make_graph(
                self._nodes,
                "jaxdnn",
                self._inputs,
                self._outputs,
                self._constants,
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="jaxdnn",
            producer_version=__version__,
        )
        helper.set_model_props(model, metadata)
        model = self._onnx.shape_inference.infer_shapes(model, strict_mode=True)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _fresh(self, name: str) -> str:
        found, count = name, 1
        while found in self._taken:
            count += 1
            found = f"{name}_{count}"
        self._taken.add(found)
        return found
