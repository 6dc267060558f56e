"""per_example=True: norms and H v of the library, held in the same report."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Activation, Network, per_example_gradients
from jaxdnn.verification import verify
from jaxdnn.verification.networks import per_example
from jaxdnn.verification.passes import counted
from tests.gradient_cases import dropout

NORMS, PRODUCT = per_example.NORMS, per_example.PRODUCT


def rows(report):
    return {row.name: row for row in report.rows if row.name in (NORMS, PRODUCT)}


@pytest.mark.slow
@pytest.mark.parametrize("softmax", [False, True], ids=["sigmoid", "softmax"])
def test_what_is_right_is_verified_within_the_limits_of_all_else(small, softmax):
    each, options = small, dropout(0.8) | {"l2": 0.3, "sample_weight": np.arange(12.0)}
    if softmax:
        network = replace(small.network, output="softmax")
        each, options = (network, *small[1:-1], np.eye(2)[:, np.arange(12) % 2]), {}
    with counted() as tally:
        report = verify(*each, **options, per_example=True)
    assert report.verdict == "verified", report
    assert set(rows(report)) == {NORMS, PRODUCT}
    assert max(row.units for row in rows(report).values()) < report.limit / 16
    assert report.resolution[NORMS] < 1e-12
    assert report.resolution[PRODUCT] < 1e-9
    if softmax:
        with counted() as plain:
            verify(*each, **options)
        assert tally.passes - plain.passes < 18 + 21 / 12 + 1e-9


def of_layer(l, change):
    return lambda product: (
        *product[:l],
        product[l]._replace(W=change(product[l].W)),
        *product[l + 1 :],
    )


PLANTED = {
    "norms twice": (NORMS, lambda norms: 2 * norms, "factor 2"),
    "norms of the mean": (NORMS, lambda norms: norms / 12, "factor 0.08333333 (= 1/m)"),
    "norms squared": (NORMS, jnp.square, ""),
    "one norm": (NORMS, lambda norms: norms.at[-1].multiply(1 + 1e-6), ""),
    "a layer twice": (PRODUCT, of_layer(1, lambda V: 2 * V), "HvW2, factor 2"),
    "one entry": (PRODUCT, of_layer(0, lambda V: V.at[0, 0].multiply(1.001)), "HvW1"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_factor_is_caught_and_named(monkeypatch, small, planted):
    name, change, hint = PLANTED[planted]
    right = getattr(per_example, name)
    monkeypatch.setattr(per_example, name, lambda *a, **k: change(right(*a, **k)))
    report = verify(*small, l2=0.3, per_example=True)
    assert report.wrong == (name,)
    assert report.hints.get(name, "").startswith(hint)


def test_a_norm_without_b_is_caught(monkeypatch, small):
    def without_b(*arguments, **options):
        grads = per_example_gradients(*arguments, **options)
        return np.sqrt(sum(jnp.square(W).sum(axis=(1, 2)) for W, _ in grads))

    monkeypatch.setattr(per_example, NORMS, without_b)
    assert verify(*small, per_example=True).wrong == (NORMS,)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["second", "output_backward"])
def test_a_bend_of_ones_own_that_is_off_by_a_millionth_is_caught(small, part):
    network = small.network
    g, head = network.activations[0], network.head
    if part == "second":
        bent = lambda dA, cache: (1 + 1e-6) * g.second(dA, cache)
        network = replace(network, hidden=replace(g, second=bent))
    else:
        bend = lambda *of: (1 + 1e-6) * head.output_backward(*of)
        network = replace(network, output=replace(head, output_backward=bend))
    report = verify(network, *small[1:], per_example=True)
    assert report.wrong == (PRODUCT,)
    assert verify(network, *small[1:]).ok


def test_what_cannot_be_asked_for_is_not_exercised(small):
    cube = Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
    network = replace(small.network, hidden=cube)
    report = verify(network, *small[1:], per_example=True)
    assert report.ok
    assert set(rows(report)) == {NORMS}
    [told] = [text for text in report.not_exercised if PRODUCT in text]
    assert "activation 'cube' must have a second" in told


def test_where_a_square_overflows_nothing_is_concluded():
    X, Y = np.full((1, 3), 10.0), np.zeros((1, 3))
    params = [(np.full((1, 1), 100.0), np.zeros((1, 1)))]
    network = Network((1, 1), output="exp")
    report = verify(network, params, X, Y, per_example=True)
    assert report.verdict == "unresolved"
    assert report.reason == "per_example_norms: the square of a norm overflows"


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"per_example": 1}, TypeError, "per_example must be True or False, got 1"),
        (
            {"per_example": True, "backward": lambda *a, **k: None},
            ValueError,
            "per_example and compute_dtype are about the library's own functions",
        ),
    ],
    ids=["no bool", "beside a backward"],
)
def test_what_is_refused(small, asked, error, says):
    with pytest.raises(error, match=f"verify: {says}"):
        verify(*small, **asked)
