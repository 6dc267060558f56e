"""Dense neural networks in JAX as pure functions, with a hand-derived backward.

Parameters are immutable pytrees, randomness comes from explicit keys, and whole
training runs compile into one program. The names, in the order a reader meets them:
the network and its functions, training, verification, then the pieces of it all.

A name is imported when it is first asked for: JAX takes a second to import, and whoever
interrupts that, or only wants `jaxdnn --help`, need not wait for it.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Where each name lives; for type checkers `__init__.pyi` says it.
_HOMES = {
    "jaxdnn.network": (
        "LayerCache",
        "Network",
        "backward",
        "cost",
        "cost_and_gradients",
        "cotangents",
        "forward",
        "predict",
        "predict_proba",
        "score",
    ),
    "jaxdnn.functions": ("as_function", "cost_as_function"),
    "jaxdnn.parameters": (
        "Layer",
        "Parameters",
        "initialize_parameters",
        "params_from_dict",
        "params_to_dict",
    ),
    "jaxdnn.training": (
        "Divergence",
        "FitResult",
        "History",
        "Lane",
        "Progress",
        "Snapshot",
        "enable_compilation_cache",
        "fit",
        "snapshot_to_dict",
        "sweep",
        "update_parameters",
    ),
    "jaxdnn.per_example": (
        "clipped_gradients",
        "grad_cosine",
        "gradient_diversity",
        "gradient_noise_scale",
        "per_example_gradients",
        "per_example_gram",
        "per_example_norms",
    ),
    "jaxdnn.curvature": (
        "KroneckerFactors",
        "fisher_diagonal",
        "gauss_newton_vector_product",
        "hessian_diagonal",
        "hessian_vector_product",
        "kfac_factors",
    ),
    "jaxdnn.verification": (
        "GradientError",
        "Report",
        "selftest",
        "verify",
        "verify_gradient",
        "verify_vjp",
    ),
    "jaxdnn.linear": (
        "LinearActivationCache",
        "LinearCache",
        "linear_activation_backward",
        "linear_activation_forward",
        "linear_backward",
        "linear_forward",
    ),
    "jaxdnn.dropout": (
        "DropoutCache",
        "dropout_backward",
        "dropout_forward",
    ),
    "jaxdnn.decisions": ("Decision",),
    "jaxdnn.heads": (
        "HEADS",
        "Head",
        "head_backward",
    ),
    "jaxdnn.objective": (
        "compute_cost",
        "compute_cost_backward",
    ),
    "jaxdnn.activations": (
        "ACTIVATIONS",
        "Activation",
        "elu",
        "elu_backward",
        "gelu",
        "gelu_backward",
        "gelu_tanh",
        "gelu_tanh_backward",
        "identity",
        "identity_backward",
        "leaky_relu",
        "leaky_relu_backward",
        "relu",
        "relu_backward",
        "sigmoid",
        "sigmoid_backward",
        "silu",
        "silu_backward",
        "softplus",
        "softplus_backward",
        "tanh",
        "tanh_backward",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """The public name, or the module of the package."""
    if name in _HOME:
        found = getattr(import_module(_HOME[name]), name)
        globals()[name] = found
        return found
    if name.startswith("_"):
        raise AttributeError(f"module 'jaxdnn' has no attribute {name!r}")
    try:
        return import_module(f"jaxdnn.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"jaxdnn.{name}":
            raise
    raise AttributeError(f"module 'jaxdnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
