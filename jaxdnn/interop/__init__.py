"""Parameters to and from other libraries, which are imported when a function is called.

Everywhere W_l is (n_l, n_{l-1}) here, and transposed where the other library has rows
as examples and columns as units.
"""

from jaxdnn.interop.equinox import from_equinox as from_equinox
from jaxdnn.interop.equinox import to_equinox as to_equinox
from jaxdnn.interop.flax_linen import from_flax_linen as from_flax_linen
from jaxdnn.interop.flax_linen import to_flax_linen as to_flax_linen
from jaxdnn.interop.flax_nnx import from_flax_nnx as from_flax_nnx
from jaxdnn.interop.flax_nnx import to_flax_nnx as to_flax_nnx
from jaxdnn.interop.scikit_learn import from_sklearn as from_sklearn
from jaxdnn.interop.scikit_learn import to_sklearn as to_sklearn
from jaxdnn.interop.torch import from_torch as from_torch
from jaxdnn.interop.torch import load_torch as load_torch
from jaxdnn.interop.torch import save_torch as save_torch
from jaxdnn.interop.torch import to_torch as to_torch
