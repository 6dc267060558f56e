"""The ways to a derivative along a direction that autodiff has no part in."""

from collections.abc import Mapping
from types import MappingProxyType

from jaxdnn.verification.derivatives.along import Way
from jaxdnn.verification.derivatives.complex_step import COMPLEX_STEP
from jaxdnn.verification.derivatives.ridders import RIDDERS

# In the order in which they are asked; the last is the witness of those before it.
WAYS: Mapping[str, Way] = MappingProxyType(
    {way.name: way for way in (COMPLEX_STEP, RIDDERS)}
)
