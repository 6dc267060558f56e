"""A trained model: a network, its parameters, and how a table's columns reach it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from jaxdnn import Network, Parameters, predict_proba
from jaxdnn.data.preprocessing import Numbers, Preprocessing
from jaxdnn.data.tables import Table


class Prediction(NamedTuple):
    """What a model says of m rows.

    values (m,): class names, or numbers in the target's units; probabilities (k, m):
    one row for each class, none for numbers.
    """

    values: NDArray[Any]
    probabilities: NDArray[Any] | None


@dataclass(frozen=True, eq=False)
class Model:
    """What a model file holds."""

    network: Network
    params: Parameters
    preprocessing: Preprocessing

    def predict(self, table: Table) -> Prediction:
        """Labels and probabilities, or numbers, for every row.

        Raises:
          ValueError: the table is not like the one the model was trained on.

        Example:
          >>> from jaxdnn import Layer
          >>> from jaxdnn.data.preprocessing import Categories
          >>> kinds = Categories("kind", ("cat", "dog"))
          >>> columns = Preprocessing((Numbers("x", mean=2, deviation=1),), kinds)
          >>> params = (Layer(jnp.ones((1, 1)), jnp.zeros((1, 1))),)
          >>> table = Table("t", {"x": np.array([1.0, 3.0])})
          >>> Model(Network((1, 1)), params, columns).predict(table).values.tolist()
          ['cat', 'dog']
        """
        target = self.preprocessing.target
        X = jnp.asarray(self.preprocessing.inputs(table))
        AL = np.asarray(predict_proba(self.network, self.params, X))
        if isinstance(target, Numbers):
            return Prediction(target.decode(AL), None)
        if self.network.output == "sigmoid":
            AL = np.concatenate([1 - AL, AL])
        values = np.array(target.categories, dtype=object)[AL.argmax(axis=0)]
        return Prediction(values, AL)
