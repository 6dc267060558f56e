"""Compiled programs kept on disk, so that the next process need not compile them.

References:
  JAX documentation, Persistent compilation cache.
"""

import os
import sys
from pathlib import Path

import jax

from jaxdnn.training.shared_programs import own_folder

_FOLDER = "JAX_COMPILATION_CACHE_DIR"


def enable_compilation_cache(folder: str | os.PathLike[str] | None = None) -> Path:
    """Keep every program this process compiles in a folder, and use those it finds.

    Call it before anything is compiled. A cache that is set already stays as it is.
    Any number of processes may share the folder.

    Args:
      folder: where; $JAX_COMPILATION_CACHE_DIR, or else jaxdnn in the user's folder for
        caches, if None.

    Returns:
      The folder.

    Raises:
      OSError: the folder cannot be made, or nothing can be written there.

    Example:
      >>> import tempfile
      >>> before = jax.config.jax_compilation_cache_dir
      >>> folder = enable_compilation_cache(tempfile.mkdtemp())
      >>> Path(jax.config.jax_compilation_cache_dir).parent == folder
      True
      >>> jax.config.update("jax_compilation_cache_dir", before)  # not for good
    """
    path = Path(folder or os.environ.get(_FOLDER) or _user_cache() / "jaxdnn")
    path.mkdir(parents=True, exist_ok=True)
    own = own_folder(path.absolute())
    jax.config.update("jax_compilation_cache_dir", str(own))
    # Their paths would be part of each program's name, which then no other process has.
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
    # Many small programs make up a run's first seconds: keep all of them.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return path


def _user_cache() -> Path:
    """The folder this system gives to caches."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home())
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
