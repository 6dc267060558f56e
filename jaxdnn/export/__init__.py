"""Models that leave the house: StableHLO for jax, ONNX for everything else."""

from jaxdnn.export.comparing import Comparison as Comparison
from jaxdnn.export.stablehlo import coded as coded
from jaxdnn.export.stablehlo import export_stablehlo as export_stablehlo
