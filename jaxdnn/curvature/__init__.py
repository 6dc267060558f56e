"""How the cost bends, by hand-derived equations: no autodiff.

`tangents` pushes a direction forward through the network; from there `hessian` goes
back with R of the backward pass, `gauss_newton` with the backward pass itself. `fisher`
and `kfac` are means over the examples' gradients, which lie in `per_example.columns`.
"""

from jaxdnn.curvature.diagonal import hessian_diagonal
from jaxdnn.curvature.fisher import fisher_diagonal
from jaxdnn.curvature.gauss_newton import gauss_newton_vector_product
from jaxdnn.curvature.hessian import hessian_vector_product
from jaxdnn.curvature.kfac import KroneckerFactors, kfac_factors

__all__ = [
    "KroneckerFactors",
    "fisher_diagonal",
    "gauss_newton_vector_product",
    "hessian_diagonal",
    "hessian_vector_product",
    "kfac_factors",
]
