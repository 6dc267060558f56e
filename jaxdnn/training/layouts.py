"""The layout of a run's parameters while it is trained, and the way back.

    plain     as they are
    folded    equal hidden layers as one stack: the same bits, sooner compiled
    rotated   inputs and W_1 in the span of the inputs: the same digits, cheaper steps

All but the plain one are for gradient descent alone, because an optimizer may look
across a matrix; in a run of the host's, which can look at the numbers.
Rotated runs moreover need the same examples at every step: full batches, one start.
Every layout resumes: snapshots hold layers, and the basis of a rotated run.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import jax
from jax import Array

from jaxdnn.architecture import Network
from jaxdnn.blocks import Blocks, fold, unfold
from jaxdnn.parameters import Parameters
from jaxdnn.rotation import input_basis, rotate, rotate_inputs, rotation_pays
from jaxdnn.training.examples import Columns
from jaxdnn.training.types import State


class Layout(NamedTuple):
    """network: what the program trains; basis: of its inputs, or None."""

    network: Network
    basis: Array | None
    folded: bool

    def inputs(self, X: Array) -> Array:
        """X, or Qᵀ X of a rotated run."""
        return X if self.basis is None else rotate_inputs(self.basis, X)

    def start(self, params: Parameters) -> Parameters:
        """The first parameters, over the inputs that `inputs` gives."""
        return params if self.basis is None else rotate(params, self.basis)

    def blocks(self, params: Parameters) -> Blocks:
        """Layers as the program takes them."""
        return fold(self.network, params) if self.folded else params

    def into(self, state: State) -> State:
        """The state as the program takes it."""
        return self._over(state, self.blocks)

    def back(self, state: State) -> State:
        """The state as it leaves the engine: one Layer for each layer."""
        return self._over(state, unfold if self.folded else lambda blocks: blocks)

    def _over(self, state: State, change: Callable[[Any], Any]) -> State:
        best = state.best
        if best is not None:
            best = best._replace(params=change(best.params))
        return state._replace(params=change(state.params), best=best)


def plain(network: Network) -> Layout:
    """The layout that changes nothing.

    Example:
      >>> plain(Network((2, 1))).inputs("X")
      'X'
    """
    return Layout(network, None, False)


def folded(network: Network, basis: Array | None) -> Layout:
    """Equal layers as stacks, and inputs in the span of a basis (n_x, r), if any.

    Example:
      >>> import jax.numpy as jnp
      >>> folded(Network((300, 4, 1)), jnp.eye(300)[:, :13]).network.layer_dims
      (13, 4, 1)
    """
    if basis is not None:
        dims = (basis.shape[1], *network.layer_dims[1:])
        network = replace(network, layer_dims=dims)
    return Layout(network, basis, True)


def run_basis(
    params: Parameters, examples: object, epochs: int, resume: Mapping[str, Any] | None
) -> Array | None:
    """The basis of a run that is rotated, because it pays or was before; else None.

    Args:
      params: where it starts.
      examples: of the run, on the device.
      epochs: how many in all.
      resume: the dictionary of a snapshot, or None.

    Example:
      >>> import jax.numpy as jnp
      >>> from jaxdnn.parameters import initialize_parameters
      >>> params = initialize_parameters(jax.random.key(0), (300, 4, 1))
      >>> columns = Columns(jnp.ones((300, 9)), jnp.ones((1, 9)), None, 9)
      >>> run_basis(params, columns, 300, None).shape
      (300, 13)
    """
    if not isinstance(examples, Columns):
        return None
    if resume is not None:
        saved = resume.get(".constants.basis")
        return None if saved is None else jax.device_put(saved)
    # There is no factorisation in half precision.
    if examples.X.dtype.itemsize < 4:
        return None
    n_1, n_x = params[0].W.shape
    pays = rotation_pays(n_x, n_1, examples.X.shape[1], epochs)
    return input_basis(params, examples.X) if pays else None
