"""PyTorch: "0.weight" = W and "0.bias" = b[:, 0] of each nn.Linear in a state_dict.

torch itself is not needed: a state_dict is a dictionary of arrays, and a file of it is
of safetensors, which `safetensors.torch.load_file` reads.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn import Parameters
from jaxdnn._atomic import write
from jaxdnn._checks import check_kind, check_path
from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError, public
from jaxdnn.interop.layers import (
    admitted_chain,
    chained,
    check_biases,
    in_order,
    names_of,
)

_WEIGHT = ".weight"


@public
def to_torch(
    params: Parameters, *, layers: Sequence[str] | None = None
) -> dict[str, NDArray[Any]]:
    """The state_dict of an nn.Sequential of Linear layers and activations by turns.

    Args:
      params: (W_l (n_l, n_{l-1}), b_l (n_l, 1)).
      layers: the names of the Linear layers of another module, first to last, such as
        ("fc1", "fc2"); "0", "2", "4", ... where None.

    Raises:
      ValueError: another number of names than of layers.

    Example:
      >>> params = ((np.ones((1, 2), "f"), np.zeros((1, 1), "f")),)
      >>> {name: array.shape for name, array in to_torch(params).items()}
      {'0.weight': (1, 2), '0.bias': (1,)}
    """
    params = admitted_chain(params)
    names = names_of(layers) or [str(2 * l) for l in range(len(params))]
    if len(set(names)) != len(params):
        raise BadValueError(
            f"layers must be {len(params)} names, one for each, got {list(names)}"
        )
    arrays: dict[str, NDArray[Any]] = {}
    for name, (W, b) in zip(names, params, strict=True):
        # Arrays of one's own: torch.from_numpy wants to write.
        arrays[f"{name}.weight"] = np.array(W)
        arrays[f"{name}.bias"] = np.array(b)[:, 0]
    return arrays


@public
def from_torch(
    state_dict: Mapping[str, Any], *, layers: Sequence[str] | None = None
) -> Parameters:
    """The parameters of the Linear layers in a state_dict.

    Args:
      state_dict: of tensors on the CPU, or of arrays.
      layers: their names, first to last; by their numbers where None.

    Raises:
      ValueError: no such layers, without biases, named otherwise, or of sizes that do
        not chain.

    Example:
      >>> arrays = {"0.weight": np.ones((1, 2), "f"), "0.bias": np.zeros(1, "f")}
      >>> from_torch(arrays)[0].W.shape
      (1, 2)
    """
    check_kind("state_dict", state_dict, Mapping, "a dictionary of arrays")
    found = [
        name.removesuffix(_WEIGHT) for name in state_dict if name.endswith(_WEIGHT)
    ]
    biases = {name: state_dict.get(f"{name}.bias") for name in found}
    check_biases(biases)
    return chained(
        (np.asarray(state_dict[name + _WEIGHT]), np.asarray(biases[name]))
        for name in in_order(found, layers)
    )


@public
def save_torch(
    file: str | os.PathLike[str],
    params: Parameters,
    *,
    layers: Sequence[str] | None = None,
) -> None:
    """Write `to_torch(params)` as safetensors: all of it, or nothing.

    Args:
      file: its name; what is there is replaced.
      params, layers: as for `to_torch`.

    Raises:
      ValueError: as `to_torch`.
      OSError: it cannot be written.
      ModuleNotFoundError: safetensors is not installed.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
      >>> save_torch(path, ((np.ones((1, 2), "f"), np.zeros((1, 1), "f")),))
      >>> load_torch(path)[0].W.tolist()
      [[1.0, 1.0]]
    """
    check_path("file", file)
    # safetensors writes raw memory: arrays must be C-contiguous.
    arrays = to_torch(params, layers=layers)
    in_rows = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = require("safetensors.numpy").save(in_rows)
    write(file, content)


@public
def load_torch(
    file: str | os.PathLike[str], *, layers: Sequence[str] | None = None
) -> Parameters:
    """The parameters of the Linear layers in a safetensors file.

    Args:
      file: of a state_dict.
      layers: as for `from_torch`.

    Raises:
      ValueError: no such file's content, or as `from_torch`.
      OSError: it cannot be read.
      ModuleNotFoundError: safetensors is not installed.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
      >>> _ = path.write_bytes(b"else")
      >>> load_torch(path)
      Traceback (most recent call last):
      ValueError: load_torch: file ...model.safetensors must be of safetensors, ...
    """
    check_path("file", file)
    numpy = require("safetensors.numpy")
    content = Path(file).read_bytes()
    try:
        arrays = numpy.load(content)
    except Exception as error:  # safetensors has an error of its own
        raise BadValueError(
            f"file {file} must be of safetensors, got {error}"
        ) from None
    return from_torch(arrays, layers=layers)
