"""The static description of a network: sizes, activations, output head."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from jaxdnn._checks import check_layer_dims
from jaxdnn._refusals import BadTypeError, BadValueError, public, shown
from jaxdnn.activations import ACTIVATIONS, Activation, get_activation
from jaxdnn.heads import Head, get_head


@dataclass(frozen=True)
class Network:
    """The static, hashable description of a dense network.

    Args:
      layer_dims: (n_x, n_1, ..., n_L), whole numbers >= 1.
      hidden: the activation of the L - 1 hidden layers: one name or `Activation` for
        all, or one for each.
      output: the head: "sigmoid", "softmax", "identity", "exp", or a `Head`.

    Raises:
      ValueError: sizes below 1, unknown names, a wrong number of hidden activations,
        softmax over a single output.

    Example:
      >>> network = Network((2, 10, 5, 1), hidden="relu", output="sigmoid")
      >>> network.hidden
      ('relu', 'relu')
      >>> Network((2, 3, 1), hidden="rleu")
      Traceback (most recent call last):
      ValueError: Network: unknown activation 'rleu'; known: relu, leaky_relu, ...
    """

    layer_dims: tuple[int, ...]
    hidden: str | Activation | tuple[str | Activation, ...] = "relu"
    output: str | Head = "sigmoid"

    @public
    def __post_init__(self) -> None:
        check_layer_dims(self.layer_dims)
        dims = tuple(map(int, self.layer_dims))
        hidden = self.hidden
        if isinstance(hidden, (str, Activation)):
            get_activation(hidden)
            hidden = (hidden,) * (len(dims) - 2)
        if not isinstance(hidden, (tuple, list)):
            raise BadTypeError(
                "hidden must be an activation, or a tuple with one for each hidden "
                f"layer, got {shown(hidden)}"
            )
        if len(hidden) != len(dims) - 2:
            raise BadValueError(
                f"hidden must name {len(dims) - 2} activations (one per hidden layer "
                f"of {dims}), got {len(hidden)}"
            )
        for activation in hidden:
            get_activation(activation)
        head = get_head(self.output)
        if head.classes(dims[-1]) == 1:
            raise BadValueError(
                f"{head.name} over one output is constant; use 'sigmoid', or one "
                "output per class"
            )
        object.__setattr__(self, "layer_dims", dims)
        object.__setattr__(self, "hidden", tuple(hidden))

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The hidden layers' activations, first to last."""
        hidden: Sequence[str | Activation] = self.hidden  # pyright: ignore[reportAssignmentType]
        return tuple(get_activation(activation) for activation in hidden)

    @property
    def head(self) -> Head:
        """The output head."""
        return get_head(self.output)


def own_activations(network: Network) -> list[str]:
    """The names of those that are none of this library's, whatever they are called.

    Example:
      >>> relu = get_activation("relu")
      >>> own = Activation("relu", relu.forward, relu.backward, "Z")
      >>> own_activations(Network((2, 3, 3, 1), ("tanh", own)))
      ['relu']
    """
    return [g.name for g in network.activations if ACTIVATIONS.get(g.name) != g]


def multiplications(network: Network, m: int) -> int:
    """About how many a step over m examples takes: Z, dW and dA of every layer.

    Example:
      >>> multiplications(Network((4, 16, 3)), 16)
      5376
    """
    products = sum(n_prev * n for n_prev, n in pairwise(network.layer_dims))
    return 3 * m * products
