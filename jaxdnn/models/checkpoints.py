"""Checkpoints: a run's last states on disk, so that a killed process loses little.

Each is a file like a model's (see `files`): safetensors, with a SHA-256 over all of it
and the run's configuration in its header. A new one is safe on disk before an old one
goes, so whenever the process dies there is one to go on from.
"""

import json
import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from jaxdnn import Progress, Snapshot, snapshot_to_dict
from jaxdnn._atomic import FolderLock, leftovers, naming, write
from jaxdnn._refusals import shown
from jaxdnn.models.files import pack, unpack

_PREFIX, _SUFFIX = "epoch-", ".safetensors"


class Checkpoints:
    """The checkpoints of one run in a folder of their own; to be called by `fit`.

    Args:
      folder: made if missing; of one process at a time, which a lock sees to.
      configuration: what JSON can hold of all that decides the run, but for the number
        of its epochs: a state is only given back to the run it came from.
      keep: how many to keep, >= 1.
      seconds: how much time at least lies between two of them.

    Raises:
      ValueError: keep is less than 1.

    Where several processes train, process 0 writes, and all can read: the folder must
    be one that all see.

    A checkpoint that cannot be written when `fit` calls is no end of the run: a
    RuntimeWarning says so, once, and which epoch is safe.

    Example:
      >>> import tempfile, jax
      >>> from jaxdnn import Network, fit
      >>> X, network = jax.numpy.ones((1, 3)), Network((1, 1))
      >>> run = {"key": jax.random.key(0), "epochs": 5}
      >>> saved = Checkpoints(tempfile.mkdtemp(), {"seed": 0}, seconds=0)
      >>> result = fit(network, X, X, **run, on_progress=saved)
      >>> again = fit(network, X, X, **run, resume=saved.latest())
      >>> bool((again.params[0].W == result.params[0].W).all())
      True
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        configuration: Mapping[str, Any],
        *,
        keep: int = 3,
        seconds: float = 10.0,
    ) -> None:
        if keep < 1:
            raise ValueError(f"Checkpoints: keep must be >= 1, got {keep}")
        self.folder = Path(folder)
        self._configuration = _as_read(configuration)
        self._keep = keep
        self._seconds = seconds
        self._saved_at = time.monotonic()
        self._writes = jax.process_index() == 0
        self._continues = False
        self._lock: FolderLock | None = None
        self._complained = False
        self._newest: Path | None = None

    def __call__(self, progress: Progress) -> None:
        """Save the run between two chunks, unless the last time is recent."""
        if not self._writes or time.monotonic() - self._saved_at < self._seconds:
            return
        try:
            self.save(progress.snapshot)
        except OSError as error:
            self._saved_at = time.monotonic()
            if not self._complained:
                self._complained = True
                warnings.warn(self._trouble(error), RuntimeWarning, stacklevel=2)

    def _trouble(self, error: OSError) -> str:
        """What could not be written, and what is safe all the same."""
        paths = self._paths()
        safe = (
            f"{paths[-1]} is the last that is whole" if paths else "none is there yet"
        )
        where = error.filename or self.folder
        return f"no checkpoint could be written: {where}: {error.strerror}; {safe}"

    def save(self, snapshot: Snapshot) -> Path:
        """Write a snapshot, then remove those that are no longer needed.

        Raises:
          ValueError: the first snapshot of a run that did not go on from the
            checkpoints in the folder, see `check_new`; another process has the folder.
          OSError: the folder cannot be written, or the disk is full.
        """
        epoch = int(snapshot.state.epoch)
        new = self.folder / f"{_PREFIX}{epoch:010}{_SUFFIX}"
        if not self._writes:
            return new
        if not self._continues:
            self.check_new()
        with naming(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._have()
        if new == self._newest:
            return new
        said = {"configuration": self._configuration}
        write(new, pack("checkpoint", snapshot_to_dict(snapshot), said))
        self._continues, self._newest = True, new
        # Later checkpoints are stale: the run resumed before them.
        past = [path for path in self._paths() if path <= new]
        dead = [p for p in leftovers(self.folder) if p.name.startswith(f".{_PREFIX}")]
        for path in {*self._paths(), *dead} - {*past[-self._keep :]}:
            path.unlink(missing_ok=True)
        self._saved_at = time.monotonic()
        return new

    def check_new(self) -> None:
        """Refuse to begin a run where another left checkpoints, which it would remove.

        Raises:
          ValueError: the folder holds checkpoints, or another process has it.
        """
        self._have()
        if self._paths():
            raise ValueError(
                f"{self.folder}: holds checkpoints already; resume from them, or "
                "choose another folder"
            )

    def latest(self, *, fall_back: bool = False) -> dict[str, Any] | None:
        """The last state, for `fit(resume=...)`; None where there is none yet.

        Args:
          fall_back: whether, where the last one is damaged, an earlier one will do.

        Raises:
          ValueError: the file is damaged, foreign, or of another configuration;
            another process has the folder.
        """
        self._have()
        self._continues = True
        damage: ValueError | None = None
        for path in reversed(self._paths()):
            try:
                arrays, said = unpack("checkpoint", path.read_bytes())
                if not isinstance(said.get("configuration"), dict):
                    raise ValueError("not a checkpoint that this library wrote")
            except ValueError as error:
                damage = damage or ValueError(f"{path}: {error}")
                if not fall_back:
                    break
                continue
            self._check_same(path, said["configuration"])
            return arrays
        if damage is not None:
            raise damage
        return None

    def close(self) -> None:
        """Let other processes have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _have(self) -> None:
        """Keep other processes out of the folder, if it is there."""
        if self._writes and self._lock is None and self.folder.is_dir():
            self._lock = FolderLock(self.folder, "a run")

    def _paths(self) -> list[Path]:
        """The checkpoints, the earliest first."""
        found = self.folder.glob(f"{_PREFIX}{'[0-9]' * 10}{_SUFFIX}")
        return sorted(found)

    def _check_same(self, path: Path, found: Mapping[str, Any]) -> None:
        wanted = self._configuration
        for name in sorted(wanted.keys() | found.keys()):
            if found.get(name) != wanted.get(name):
                raise ValueError(
                    f"{path}: of another run: its {name} is {shown(found.get(name))}, "
                    f"not {shown(wanted.get(name))}"
                )


def _as_read(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from JSON, where a tuple is a list."""
    return json.loads(json.dumps(dict(configuration), allow_nan=False))
