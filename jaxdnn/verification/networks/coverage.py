"""Stage 6: what a verified run says nothing about."""

from jaxdnn.verification.networks.evidence import Evidence


def not_exercised(evidence: Evidence) -> tuple[str, ...]:
    """Dead units, zero coordinates, what is L2 almost alone, weight 0: in words."""
    found: list[str] = []
    problem = evidence.problem
    m, decay, slopes = problem.m, float(problem.decay), evidence.scales.slopes
    for l, (slope, keep) in enumerate(zip(slopes, problem.keep, strict=True), start=1):
        silent = int((slope.value * keep == 0).all(axis=1).sum())
        if silent:
            found.append(
                f"{silent} of {len(keep)} units of layer {l} never fire on this batch"
            )
    for name, due in evidence.due.items():
        zeros = int((due.autodiff == 0).sum())
        if zeros:
            size = due.S.size
            found.append(f"{zeros} of {size} coordinates of {name} are exactly 0")
    layers = zip(evidence.oracle.grads, problem.params, strict=True)
    for l, (layer, (W, _)) in enumerate(layers if decay else (), 1):
        size = float(abs(layer.W).max())
        data = float(abs(layer.W - decay * W).max())
        if data < 1e-3 * size:
            found.append(
                f"dW{l} is nearly all L2: the data's part is {data / size:.0e} of it"
            )
    idle = int((problem.weights == 0).sum())
    if idle:
        found.append(f"{idle} of {m} examples have weight 0")
    if m == 1:
        found.append("one example: nothing that mixes examples can show")
    return tuple(found)
