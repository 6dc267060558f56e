"""A file that is written once it is right, over another only if that is meant."""

import os
from pathlib import Path

from jaxdnn._refusals import BadValueError


def check_free(file: str | os.PathLike[str], *, force: bool) -> Path:
    """The path, where nothing is there yet.

    Raises:
      ValueError: something is, and force is False.

    Example:
      >>> check_free("no/such.onnx", force=False).name
      'such.onnx'
    """
    path = Path(file)
    if path.exists() and not force:
        raise BadValueError(f"file {path} is there already; force replaces it")
    return path
