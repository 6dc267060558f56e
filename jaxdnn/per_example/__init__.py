"""What each example's own gradient is, at the price of one backward.

dZ_l holds one example per column and the mean is taken only in dW and db, so the
gradients of all examples lie in `columns` of dZ_l and A_{l-1}; the rest is one question
a file: how long they are, how they lie to each other, what they come to when clipped.
"""

from jaxdnn.per_example.clipping import clipped_gradients
from jaxdnn.per_example.cosine import grad_cosine
from jaxdnn.per_example.diversity import gradient_diversity
from jaxdnn.per_example.gradients import per_example_gradients
from jaxdnn.per_example.gram import per_example_gram
from jaxdnn.per_example.noise_scale import gradient_noise_scale
from jaxdnn.per_example.norms import per_example_norms

__all__ = [
    "clipped_gradients",
    "grad_cosine",
    "gradient_diversity",
    "gradient_noise_scale",
    "per_example_gradients",
    "per_example_gram",
    "per_example_norms",
]
