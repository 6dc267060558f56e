"""How far a shorter dtype of the products moves the gradient: said, and not judged."""

import jax
import numpy as np

from jaxdnn.network import cost_and_gradients
from jaxdnn.sharding import SHORT, products_in_short
from jaxdnn.verification.networks.evidence import Evidence
from jaxdnn.verification.networks.trial import Backward
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.units import norm
from jaxdnn.verification.verdicts import Findings


def shortened(evidence: Evidence, backward: Backward, seed: int) -> Findings:
    """A note: ‖g in that dtype - g‖ / ‖g‖ over all parameters."""
    del backward, seed
    trial = evidence.trial
    spend(FORWARD + BACKWARD)
    with products_in_short():
        _, grads = trial.ask(cost_and_gradients, l2=trial.l2)
    found, due = (
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])
        for tree in (grads, evidence.oracle.grads)
    )
    with np.errstate(all="ignore"):
        moved = norm(found - due) / norm(due)
    told = f"products in {SHORT} move the gradient by {moved:.2%} in norm"
    return Findings(notes=(f"{told}; verified is the function in float64",))
