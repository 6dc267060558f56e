"""cost_and_gradients, the library's hot path, returns the same J and gradient."""

import jax
import numpy as np

from jaxdnn.network import cost_and_gradients
from jaxdnn.verification.networks.evidence import Evidence
from jaxdnn.verification.networks.trial import Backward
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.report import Row
from jaxdnn.verification.units import LIMIT, worst
from jaxdnn.verification.verdicts import Findings


def in_one_call(evidence: Evidence, backward: Backward, seed: int) -> Findings:
    """J and every leaf from `cost_and_gradients`; the backward is not looked at."""
    del backward, seed
    trial, name = evidence.trial, "cost_and_gradients"
    spend(FORWARD + BACKWARD)
    J, grads = trial.ask(cost_and_gradients, l2=trial.l2)
    found = map(np.asarray, (J, *jax.tree.leaves(grads)))
    expected = (evidence.oracle.J, *jax.tree.leaves(evidence.oracle.grads))
    scales = (evidence.scales.J, *(due.S for due in evidence.due.values()))
    far = max(worst(*leaf).units for leaf in zip(found, expected, scales, strict=True))
    status = "ok" if far <= LIMIT else "WRONG"
    return Findings((Row(name, f"J, gradient of {name}", far, status=status),))
