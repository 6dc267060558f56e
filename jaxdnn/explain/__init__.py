"""Pages to look at: one run with every number on it, and the report of a training."""

from jaxdnn.explain.page import page as page
from jaxdnn.explain.page import write_page as write_page
from jaxdnn.explain.recording import Recording as Recording
from jaxdnn.explain.recording import record as record
from jaxdnn.explain.report import report as report
