"""Models that leave the house: StableHLO for jax, ONNX for everything else."""

from jaxdnn.export.comparing import Comparison as Comparison
from jaxdnn.export.models import FORMATS as FORMATS
from jaxdnn.export.models import export_model as export_model
from jaxdnn.export.onnx.columns import onnx_inputs as onnx_inputs
from jaxdnn.export.onnx.exporting import export_onnx as export_onnx
from jaxdnn.export.stablehlo import export_stablehlo as export_stablehlo
from jaxdnn.export.stablehlo import stablehlo_rows as stablehlo_rows
