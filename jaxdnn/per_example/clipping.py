"""The mean of gradients of which none is longer than C, without any of them.

    c_j = min(1, C / ||g_j||)         dW_l = Σⱼ c_j dZ_l[:, j] A_{l-1}[:, j]ᵀ / Σⱼ wⱼ

To shorten a gradient is to shorten its columns dZ_l[:, j]: one backward, the norms, and
the contractions that dW takes anyway. Added up, no example changes Σⱼ c_j g_j by more
than C, which is what noise in proportion to C can hide.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn._checks import check_key, check_scalar, is_concrete
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadValueError, public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar, number, on_device
from jaxdnn.linear import mean_contract
from jaxdnn.objective import Mean, weigh
from jaxdnn.parameters import Parameters
from jaxdnn.per_example.columns import Columns, columns_of
from jaxdnn.per_example.norms import lengths
from jaxdnn.propagation import SomeBlocks, decayed
from jaxdnn.sharding import record_dtype


@public
def clipped_gradients(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    max_norm: Scalar,
    noise: Scalar = 0.0,
    noise_key: Array | None = None,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> tuple[Parameters, Array]:
    """The mean of the examples' gradients, each clipped to max_norm, with noise or not.

        (Σⱼ min(1, C / ||g_j||) g_j  +  σ C ξ) / Σⱼ wⱼ  +  δ W_l

    g_j is the gradient of w_j ℓ_j, ξ standard normal. L2 is added after clipping and
    noise: it depends on no example. One step of DP-SGD descends along this; an
    accountant of the privacy spent needs σ, the sampling rate and the number of steps.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight: as for `cost`.
      max_norm: () > 0, the C that no g_j is longer than.
      noise: () >= 0, the noise multiplier σ.
      noise_key: a PRNG key that noise is drawn with; another one for every step.

    Returns:
      A Layer(dW, db) for each layer, shaped like params; ||g_j|| before clipping, (m,).

    Raises:
      ValueError: shapes disagree, a value that is not traced is out of its range, noise
        without a noise_key.

    References:
      Abadi et al. (2016), CCS; Li et al. (2022), ICLR ("ghost" clipping).

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 2)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[0.0, 2.0], [0.0, 2.0]]), jnp.ones((1, 2))
      >>> [grad], norms = clipped_gradients(
      ...     Network((2, 1)), params, X, Y, max_norm=0.75
      ... )
      >>> grad.W.tolist(), norms.tolist()
      ([[-0.25, -0.25]], [0.5, 1.5])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight, l2)
    check_scalar("max_norm", max_norm, low=0, low_open=True)
    check_scalar("noise", noise, low=0)
    if noise_key is not None:
        check_key("noise_key", noise_key)
    elif not is_concrete(noise) or float(noise) != 0:
        raise BadValueError("noise needs a noise_key (it is drawn with it)")
    wide = record_dtype(problem.params[0].W.dtype)
    max_norm = on_device(number("max_norm", max_norm, wide))
    noise = on_device(number("noise", noise, wide))
    return answer(_clipped_gradients, network, problem, max_norm, noise, noise_key)


@compiled(static_argnums=0)
def _clipped_gradients(
    network: Network,
    problem: Problem,
    max_norm: Array,
    noise: Array,
    noise_key: Array | None,
) -> tuple[Parameters, Array]:
    params, mean = problem.params, problem.mean
    pairs = columns_of(network, problem)
    grads, norms = clipped(params, pairs, mean, max_norm)
    if noise_key is not None:
        grads = noisy(grads, noise_key, noise * max_norm / mean.total)
    return decayed(params, grads, mean.decay), norms


def clipped(
    blocks: SomeBlocks, pairs: Columns, mean: Mean, max_norm: Scalar
) -> tuple[SomeBlocks, Array]:
    """Σⱼ c_j g_j / Σⱼ wⱼ in the blocks' shapes; ||g_j||."""
    norms = lengths(pairs)
    # What is not clipped is divided by nothing, so that it has a slope at norm 0.
    long = norms > max_norm
    c = jnp.where(long, max_norm / jnp.where(long, norms, 1), 1)
    scaling = mean._replace(weights=c)
    contract = partial(mean_contract, total=mean.total)
    grads = [
        (contract if dZ.ndim == 2 else jax.vmap(contract))(weigh(dZ, scaling), A_prev)
        for dZ, A_prev in pairs
    ]
    return decayed(blocks, grads, None), norms


def noisy(blocks: SomeBlocks, key: Array, deviation: Scalar) -> SomeBlocks:
    """Normal noise of this standard deviation added to every number.

    Example:
      >>> from jaxdnn import Layer
      >>> [layer] = noisy((Layer(jnp.ones(1), jnp.ones(1)),), jax.random.key(0), 0.0)
      >>> layer.W.tolist()
      [1.0]
    """
    leaves, tree = jax.tree.flatten(blocks)
    for i, leaf in enumerate(leaves):
        wide = record_dtype(leaf.dtype)
        drawn = jax.random.normal(jax.random.fold_in(key, i), leaf.shape, wide)
        leaves[i] = leaf + (deviation * drawn).astype(leaf.dtype)
    return jax.tree.unflatten(tree, leaves)
