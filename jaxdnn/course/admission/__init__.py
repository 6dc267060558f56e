"""Every argument of the course, admitted by one rule before its function runs.

A kind is a function (name, value) -> the value to compute with, which refuses what is
none of its kind; `admits` hands each argument to the kind of its name. So the functions
see float64 matrices, floats, ints and dictionaries of them that fit together, and what
they keep (a cache, a compiled program) is kept under such values alone.
"""

from jaxdnn.course.admission.caches import (
    Cached,
    LinearTuple,
    activation_cache,
    check_layers,
    linear_cache,
    planar_cache,
    tuple_cache,
)
from jaxdnn.course.admission.lists import is_listed, listed_sizes, sizes, three_sizes
from jaxdnn.course.admission.matrices import (
    Dictionary,
    Matrix,
    array,
    column,
    matrix,
    zeros_and_ones,
)
from jaxdnn.course.admission.rule import admits
from jaxdnn.course.admission.scalars import activations

__all__ = [
    "Cached",
    "Dictionary",
    "LinearTuple",
    "Matrix",
    "activation_cache",
    "activations",
    "admits",
    "array",
    "check_layers",
    "column",
    "is_listed",
    "linear_cache",
    "listed_sizes",
    "matrix",
    "planar_cache",
    "sizes",
    "three_sizes",
    "tuple_cache",
    "zeros_and_ones",
]
