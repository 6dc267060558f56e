"""Checkpoints: a run's last states on disk, so that a killed process loses little.

Each is a file like a model's (see `files`): safetensors, with a SHA-256 over all of it
and the run's configuration in its header. A new one is safe on disk before an old one
goes, so whenever the process dies there is one to go on from.
"""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxdnn import Progress, Snapshot, snapshot_to_dict
from jaxdnn._atomic import leftovers, replacing
from jaxdnn.models.files import pack, unpack

_PREFIX, _SUFFIX = "epoch-", ".safetensors"


class Checkpoints:
    """The checkpoints of one run in a folder of their own; to be called by `fit`.

    Args:
      folder: made if missing; of one process at a time.
      configuration: what JSON can hold of all that decides the run, but for the number
        of its epochs: a state is only given back to the run it came from.
      keep: how many to keep, >= 1.
      seconds: how much time at least lies between two of them.

    Raises:
      ValueError: keep is less than 1.

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
        self._continues = False

    def __call__(self, progress: Progress) -> None:
        """Save the run between two chunks, unless the last time is recent."""
        if time.monotonic() - self._saved_at >= self._seconds:
            self.save(progress.snapshot)

    def save(self, snapshot: Snapshot) -> Path:
        """Write a snapshot, then remove those that are no longer needed.

        Raises:
          ValueError: the first snapshot of a run that did not go on from the
            checkpoints in the folder, see `check_new`.
          OSError: the folder cannot be written, or the disk is full.
        """
        if not self._continues:
            self.check_new()
        self.folder.mkdir(parents=True, exist_ok=True)
        epoch = int(snapshot.state.epoch)
        new = self.folder / f"{_PREFIX}{epoch:010}{_SUFFIX}"
        said = {"configuration": self._configuration}
        with replacing(new) as file:
            file.write(pack("checkpoint", snapshot_to_dict(snapshot), said))
        self._continues = True
        # Later checkpoints are stale: the run resumed before them.
        past = [path for path in self._paths() if path <= new]
        for path in {*self._paths(), *leftovers(self.folder)} - {*past[-self._keep :]}:
            path.unlink(missing_ok=True)
        self._saved_at = time.monotonic()
        return new

    def check_new(self) -> None:
        """Refuse to begin a run where another left checkpoints, which it would remove.

        Raises:
          ValueError: the folder holds checkpoints.
        """
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
          ValueError: the file is damaged, foreign, or of another configuration.
        """
        self._continues = True
        damage: ValueError | None = None
        for path in reversed(self._paths()):
            try:
                arrays, said = unpack("checkpoint", path.read_bytes())
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

    def _paths(self) -> list[Path]:
        """The checkpoints, the earliest first."""
        found = self.folder.glob(f"{_PREFIX}{'[0-9]' * 10}{_SUFFIX}")
        return sorted(found)

    def _check_same(self, path: Path, found: Mapping[str, Any]) -> None:
        wanted = self._configuration
        for name in sorted(wanted.keys() | found.keys()):
            if found.get(name) != wanted.get(name):
                raise ValueError(
                    f"{path}: of another run: its {name} is {found.get(name)}, not "
                    f"{wanted.get(name)}"
                )


def _as_read(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from JSON, where a tuple is a list."""
    return json.loads(json.dumps(dict(configuration), allow_nan=False))
