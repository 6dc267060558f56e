"""jaxdnn.testing: verdicts as assertions, in other people's suites."""

import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest

from jaxdnn.testing import assert_gradient, assert_vjp, check_grads

X = np.array([0.3, -0.7, 1.1])


def sine(factor):
    f = jax.custom_vjp(jnp.sin)
    f.defvjp(lambda x: (jnp.sin(x), x), lambda x, dy: (factor * dy * jnp.cos(x),))
    return f


def forward_sine(factor, bend=1.0):
    f = jax.custom_jvp(jnp.sin)
    f.defjvps(lambda t, _, x: factor * t * forward_cosine(bend)(x))
    return f


def forward_cosine(bend):
    f = jax.custom_jvp(jnp.cos)
    f.defjvps(lambda t, _, x: -bend * t * jnp.sin(x))
    return f


@pytest.mark.slow
def test_assertions_return_the_report_or_are_it():
    loss = lambda p: (p**3).sum()
    assert assert_gradient(loss, lambda p: 3 * p**2, X).ok
    assert assert_gradient(lambda p: ((p**3).sum(), 3 * p**2), X, has_gradient=True).ok
    with pytest.raises(AssertionError, match=r"^verdict: WRONG at dparams") as caught:
        assert_gradient(loss, lambda p: 2 * p**2, X)
    assert "hint: factor 0.6666667" in str(caught.value)
    assert assert_vjp(sine(1.0), (X,), rtol=1e-9).ok
    with pytest.raises(AssertionError, match=r"^verdict: WRONG at dx"):
        assert_vjp(sine(2.0), (X,))
    with pytest.raises(AssertionError, match=r"^verdict: UNRESOLVED"):
        assert_gradient(lambda p: abs(p).sum(), jnp.sign, np.zeros(2))


RIGHT = {
    "rule": (sine(1.0), 1, ("rev",)),
    "plain": (jnp.tanh, 1, ("fwd", "rev")),
    "linear": (lambda x: {"y": 3 * x}, 2, ("rev",)),
    "constant": (lambda x: 0 * x, 1, ("fwd", "rev")),
    "several": (lambda x: (x**2, x.sum()), 1, ["fwd"]),
}
DEEP = (forward_sine(1.0), 2, ("fwd", "rev"))


@pytest.mark.parametrize(
    ("f", "order", "modes"),
    [*RIGHT.values(), pytest.param(*DEEP, marks=pytest.mark.slow)],
    ids=[*RIGHT, "jvp rule"],
)
def test_what_check_grads_passes(f, order, modes):
    check_grads(f, (X,), order, modes)


def test_the_signature_of_jax():
    f, order, modes = RIGHT["several"]
    for check in (check_grads, jax.test_util.check_grads):
        with jax.enable_x64(True):
            check(f, (X,), order, modes=modes, atol=1e-3, rtol=1e-3, eps=None)


WRONG = {
    "rule": (sine(1.001), 1, ("rev",)),
    "inside": (lambda x: sine(1.001)(x).sum(), 1, ("rev",)),
    "forward mode": (forward_sine(1.001), 1, ("fwd",)),
    "second order, reverse": (forward_sine(1.0, 1.001), 2, ("rev",)),
    "second order, forward": (forward_sine(1.0, 1.001), 2, ("fwd",)),
    "stopped": (lambda x: x * jax.lax.stop_gradient(x), 1, ("rev",)),
}


@pytest.mark.parametrize(("f", "order", "modes"), WRONG.values(), ids=WRONG)
def test_what_check_grads_sees(f, order, modes):
    with pytest.raises(AssertionError, match="verdict: WRONG"):
        check_grads(f, (X,), order, modes)


def test_the_first_order_is_not_the_second():
    check_grads(forward_sine(1.0, 1.001), (X,), 1, ("fwd", "rev"))


def test_modes_of_another_name():
    with pytest.raises(ValueError, match=r"modes must be one of .fwd., .rev., got"):
        check_grads(jnp.sin, (X,), 1, ["lin"])


SUITE = """
    import numpy as np

    def loss(p):
        return float((p**2).sum())

    def test_right(gradients):
        gradients.assert_gradient(loss, lambda p: 2 * p, np.ones(3))

    def test_wrong(gradients):
        gradients.assert_gradient(loss, lambda p: p, np.ones(3))

    def test_other():
        pass
"""


def run(folder: Path, *words: str) -> str:
    (folder / "test_suite.py").write_text(textwrap.dedent(SUITE))
    command = [sys.executable, "-m", "pytest", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_plugin(tmp_path):
    said = run(tmp_path, "-q", "--gradient-report=lines.tsv", "--junitxml=junit.xml")
    assert "verdict: WRONG at dparams (1 of 1 equations)" in said
    assert "verify_gradient(loss, grad" not in said  # no frame of ours
    what = "verify_gradient grad 3 parameters float64 seed 0: verdict:"
    assert (tmp_path / "lines.tsv").read_text().splitlines() == [
        f"test_suite.py::test_right\t{what} VERIFIED",
        f"test_suite.py::test_wrong\t{what} WRONG at dparams (1 of 1 equations)",
    ]
    properties = ElementTree.parse(tmp_path / "junit.xml").iter("property")
    assert [each.get("name") for each in properties] == ["gradient"] * 2


def test_the_plugin_brings_no_jax_into_suites_without():
    program = "import sys, jaxdnn.pytest_plugin; assert 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
