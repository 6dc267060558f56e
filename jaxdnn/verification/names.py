"""What is judged: an equation of a network's backward, by its kind and its layer."""

from typing import Literal, NamedTuple

Kind = Literal["Z", "W", "b"]
KINDS: tuple[Kind, ...] = ("Z", "W", "b")


class Equation(NamedTuple):
    """dZ, dW or db of layer l (from 1); of order 2, the same leaf of H v.

    Example:
      >>> print(Equation("W", 3), Equation("b", 1, order=2))
      dW3 Hvb1
    """

    kind: Kind
    l: int
    order: int = 1

    def __str__(self) -> str:
        return f"{'d' if self.order == 1 else 'Hv'}{self.kind}{self.l}"


def leaves(L: int) -> list[Equation]:
    """The equations that a backward returns: dW_1, db_1, dW_2, ...

    Example:
      >>> [str(equation) for equation in leaves(2)]
      ['dW1', 'db1', 'dW2', 'db2']
    """
    return [Equation(kind, l) for l in range(1, L + 1) for kind in KINDS[1:]]
