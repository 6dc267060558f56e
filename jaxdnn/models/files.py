"""Model files: safetensors with a JSON header, whole or refused.

A model's tensors are W1, b1, ..., WL, bL. The header is the JSON text under "jaxdnn" in
the safetensors metadata: format and its version, SHA-256, versions of the libraries,
and for a model the network and the preprocessing. The SHA-256 is that of the file with
zeros in its own place, so it guards every byte against damage (not against a forger).
Nothing is unpickled.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxdnn import (
    ACTIVATIONS,
    HEADS,
    Network,
    __version__,
    params_from_dict,
    params_to_dict,
)
from jaxdnn._atomic import write
from jaxdnn._checks import check_kind, check_parameters, check_path
from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError, public, shown
from jaxdnn.architecture import own_activations
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.models.model import Model

FORMAT_VERSION = 3

_NO_HASH = "0" * 64

# Signs of a header's entry that a message shows.
_LONG = 60


@public
def save_model(path: str | os.PathLike[str], model: Model) -> None:
    """Write a model file: whole, or not at all.

    Raises:
      ValueError: an activation of the caller's own, which no file can hold; parameters
        or columns that are not the network's, or parameters that are not finite or of
        another dtype than float16, 32 or 64.
      OSError: the folder is missing or not writable.
      ModuleNotFoundError: safetensors is not installed.

    Example:
      >>> import tempfile
      >>> from jaxdnn import initialize_parameters
      >>> from jaxdnn.data.columns.numbers import Numbers
      >>> network = Network((1, 3, 1), output="identity")
      >>> params = initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> columns = Preprocessing((Numbers("x", 0, 1),), (Numbers("y", 0, 1),))
      >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
      >>> save_model(path, Model(network, params, columns))
      >>> load_model(path).network == network
      True
    """
    check_path("path", path)
    check_kind("model", model, Model, "a Model")
    network = model.network
    if HEADS.get(network.head.name) != network.head:
        raise BadValueError(
            f"head {network.head.name!r} is of your own; a file can hold only these: "
            f"{', '.join(HEADS)}"
        )
    if own := own_activations(network):
        raise BadValueError(
            f"activation {own[0]!r} is a function of your own; a file "
            f"can hold only these: {', '.join(ACTIVATIONS)}"
        )
    arrays = params_to_dict(model.params)
    for name, array in arrays.items():
        if array.dtype.name not in ("float16", "float32", "float64"):
            raise BadValueError(
                f"{name} must be float16, float32 or float64, got {array.dtype}"
            )
    check_fits(model)
    said = {
        "network": {
            "layer_dims": network.layer_dims,
            "hidden": [g.name for g in network.activations],
            "output": network.head.name,
        },
        "preprocessing": model.preprocessing.to_json(),
    }
    write(path, pack("model", arrays, said))


@public
def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file.

    float64 parameters stay float64 where x64 is enabled, and become float32 elsewhere.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: not a model file of this library, cut short, altered, of another
        version of the format, or of parts that do not fit each other.
      ModuleNotFoundError: safetensors is not installed.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
      >>> _ = path.write_bytes(b"something else")
      >>> load_model(path)  # doctest: +ELLIPSIS
      Traceback (most recent call last):
      ValueError: ...model.safetensors: not a jaxdnn file, or only the beginning of one
    """
    check_path("path", path)
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: not a file")
    try:
        arrays, said = unpack("model", path.read_bytes())
        for name, array in arrays.items():
            if array.dtype.kind != "f":
                raise ValueError(f"{name} must be floating numbers, got {array.dtype}")
        model = Model(
            Network(**said["network"]),
            params_from_dict(arrays),
            Preprocessing.from_json(said["preprocessing"]),
        )
        check_fits(model)
    except OSError:
        raise
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except Exception as error:  # right by its hash, and written by something else
        raise ValueError(
            f"{path}: not a model that this library wrote ({type(error).__name__}: "
            f"{error})"
        ) from error
    return model


def check_fits(model: Model) -> None:
    """Refuse parameters, columns and a network that do not belong together.

    Raises:
      ValueError: which of them does not fit.
    """
    network, columns = model.network, model.preprocessing
    check_parameters(model.params, network.layer_dims)
    for l, layer in enumerate(model.params, start=1):
        for name, array in zip(("W", "b"), map(np.asarray, layer), strict=True):
            if not np.isfinite(array).all():
                raise BadValueError(f"{name}{l} must be finite numbers")
    found = (columns.n_x, columns.n_L, columns.output)
    wanted = (network.layer_dims[0], network.layer_dims[-1], network.head.name)
    if found != wanted:
        raise BadValueError(
            f"its columns make {found[0]} inputs and {found[1]} outputs of "
            f"{found[2]}, and its network has {wanted[0]}, {wanted[1]} of {wanted[2]}"
        )


def pack(kind: str, arrays: Mapping[str, Any], said: dict[str, Any]) -> bytes:
    """The bytes of a file of that kind: arrays, and what its header is to say.

    Raises:
      ValueError: a dtype that is not one of NumPy's own, such as bfloat16.

    Example:
      >>> unpack("note", pack("note", {"x": np.ones(2)}, {"by": "me"}))[1]["by"]
      'me'
    """
    header = {
        "sha256": _NO_HASH,
        "format": f"jaxdnn {kind}",
        "format_version": FORMAT_VERSION,
        "versions": {"jaxdnn": __version__, "jax": jax.__version__},
        **said,
    }
    metadata = {"jaxdnn": json.dumps(header, allow_nan=False)}
    # safetensors writes raw memory: arrays must be C-contiguous.
    in_rows = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    for name, array in in_rows.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(f"cannot be kept in a file: {name} is {array.dtype}")
    content: bytes = require("safetensors.numpy").save(in_rows, metadata)
    # The hash is the header's first entry, so these are the first zeros there are.
    digest = hashlib.sha256(content).hexdigest()
    return content.replace(_NO_HASH.encode(), digest.encode(), 1)


def unpack(kind: str, content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the header that `pack` put into the bytes.

    Raises:
      ValueError: another kind of file, cut short, altered, of another version.

    Example:
      >>> unpack("note", b"else")
      Traceback (most recent call last):
      ValueError: not a jaxdnn file, or only the beginning of one
    """
    try:
        end = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(json.loads(content[8:end])["__metadata__"]["jaxdnn"])
        found, version = header["format"], header["format_version"]
        digest = str(header["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("not a jaxdnn file, or only the beginning of one") from None
    if version != FORMAT_VERSION:
        raise ValueError(
            f"written in version {shown(version)} of its format; this is jaxdnn "
            f"{__version__}, which reads version {FORMAT_VERSION}"
        )
    blank = content.replace(digest.encode(), _NO_HASH.encode(), 1)
    if hashlib.sha256(blank).hexdigest() != digest:
        raise ValueError("damaged: not all of it is as it was written")
    if found != f"jaxdnn {kind}":
        raise ValueError(f"a {str(found)[:_LONG]} file, not a jaxdnn {kind}")
    try:
        return require("safetensors.numpy").load(content), header
    except ModuleNotFoundError:
        raise
    except Exception as error:  # safetensors has an error of its own
        raise ValueError(f"damaged: {error}") from error
