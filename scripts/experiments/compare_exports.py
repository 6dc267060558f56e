"""What exported networks say, beside what `predict_proba` says.

    python -m scripts.experiments.compare_exports

Every activation with every head, drawn at random: the largest difference of any
probability or value, relative to the larger of 1 and the value; then files of some
sizes, and how long it takes to write one, to read it back and to compare it.
"""

import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import jaxdnn as dnn
from jaxdnn.export import export_onnx, export_stablehlo
from scripts._table import print_table

WRITERS = {"ONNX": export_onnx, "StableHLO": export_stablehlo}
SIZES = ((4, 16, 3), (64, 100, 10), (784, 256, 128, 10))


def drawn(network: dnn.Network, dtype: np.dtype) -> dnn.Parameters:
    """Parameters drawn at random, biases too."""
    key, other = jax.random.split(jax.random.key(0))
    params = dnn.initialize_parameters(key, network.layer_dims, dtype=dtype)
    keys = jax.random.split(other, len(params))
    return tuple(
        dnn.Layer(W, 0.1 * jax.random.normal(key, b.shape, dtype))
        for key, (W, b) in zip(keys, params, strict=True)
    )


def largest(hidden: str, kind: str, dtype: np.dtype, file: Path) -> float | None:
    """The largest difference over the heads; None where the format has no such."""
    found = []
    for head in dnn.HEADS:
        network = dnn.Network((5, 7, 4, 3), hidden, head)
        try:
            written = WRITERS[kind](network, drawn(network, dtype), file, force=True)
        except ValueError as error:
            if "onnxruntime has no" not in str(error):
                raise
            return None
        found.append(written.largest)
    return max(found)


def differences(folder: Path) -> None:
    """Print a line for each activation."""
    rows = []
    for hidden in dnn.ACTIVATIONS:
        cells = []
        for dtype in (jnp.float32, jnp.float64):
            for kind in WRITERS:
                with jax.enable_x64(dtype == jnp.float64):
                    found = largest(hidden, kind, np.dtype(dtype), folder / kind)
                cells.append("refused" if found is None else f"{found:.1e}")
        rows.append((hidden, *cells))
    kinds = [f"{kind}, {width} bits" for width in (32, 64) for kind in WRITERS]
    print_table(("activation, all heads", *kinds), rows)


def sizes(folder: Path) -> None:
    """Print a line for each size and format."""
    rows = []
    for dims in SIZES:
        network = dnn.Network(dims, output="softmax")
        params = drawn(network, np.dtype("float32"))
        held = sum(array.nbytes for layer in params for array in layer)
        for kind, write in WRITERS.items():
            began = time.perf_counter()
            write(network, params, folder / kind, force=True)
            seconds = time.perf_counter() - began
            size = (folder / kind).stat().st_size
            name = "-".join(map(str, dims))
            rows.append((name, kind, str(held), str(size), f"{seconds:.2f} s"))
    print_table(("network", "format", "parameters, B", "file, B", "time"), rows)


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as folder:
        differences(Path(folder))
        print()
        sizes(Path(folder))


if __name__ == "__main__":
    main()
