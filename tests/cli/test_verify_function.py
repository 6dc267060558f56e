"""jaxdnn verify --function: somebody's rule, or loss and gradient, from the shell."""

import json
import sys
import textwrap

import numpy as np
import pytest

from jaxdnn.cli import main

MODULE = """
    import jax, jax.numpy as jnp, numpy as np

    def ruled(factor):
        f = jax.custom_vjp(lambda A, x: jnp.tanh(A @ x))
        def pull(kept, dy):
            A, x = kept
            dz = factor * dy * (1 - jnp.tanh(A @ x) ** 2)
            return jnp.outer(dz, x), A.T @ dz
        f.defvjp(lambda A, x: (jnp.tanh(A @ x), (A, x)), pull)
        return f

    right, wrong = ruled(1.0), ruled(1.01)
    kink = jax.custom_vjp(abs)
    kink.defvjp(lambda x: (abs(x), x), lambda x, dy: (dy * jnp.sign(x),))

    class Least:
        @staticmethod
        def loss(p, X, y=0.0):
            return float(((X @ p - y) ** 2).sum())

        @staticmethod
        def grad(p, X, y=0.0):
            return 2 * X.T @ (X @ p - y)

        @staticmethod
        def both(p, X, y=0.0):
            return Least.loss(p, X, y), Least.grad(p, X, y)

    plain = jnp.sin
    number = 3
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(textwrap.dedent(MODULE))
    rng = np.random.default_rng(0)
    p, X, y = rng.normal(size=3), rng.normal(size=(8, 3)), rng.normal(size=8)
    np.savez(tmp_path / "least.npz", p, X, y=y)
    np.savez(tmp_path / "zero.npz", np.zeros(2))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("mine", None)


VERDICTS = {
    "quick": [
        ("mine:right --shapes 2,3 3", 0, "verdict: VERIFIED"),
        ("mine:wrong --shapes 2,3 3", 1, "verdict: WRONG at dA, dx (2 of 3 equations)"),
    ],
    "slow": [
        ("mine:kink --args zero.npz", 2, "verdict: UNRESOLVED"),
        ("mine:Least.loss,Least.grad --args least.npz", 0, "verdict: VERIFIED"),
        ("mine:Least.loss,Least.grad --shapes 3 8,3 ()", 0, "verdict: VERIFIED"),
        ("mine:Least.both --has-gradient --args least.npz", 0, "verdict: VERIFIED"),
        ("mine:right --shapes 2,3 3 --budget 0", 2, "verdict: UNRESOLVED: the budget"),
        ("mine:right --shapes 2,3 3 --rtol 1e-8", 0, "verdict: VERIFIED"),
    ],
}


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        *VERDICTS["quick"],
        *(pytest.param(*case, marks=pytest.mark.slow) for case in VERDICTS["slow"]),
    ],
)
def test_verdicts_and_exit_codes(mine, capsys, words, code, last):
    assert main(["verify", "--function", *words.split(), "--json", "r.json"]) == code
    out, err = capsys.readouterr()
    assert out.rstrip().split("\n")[-1].startswith(last)
    assert not err
    report = json.loads((mine / "r.json").read_text())
    assert report["verdict"] == last.split()[1].strip(":").lower()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--function mine:right", "--function goes with one of --args and --shapes"),
        ("--function mine:right --shapes 3 --args least.npz", "one of --args and"),
        ("--function mine:nothing --shapes 3", "has no attribute 'nothing'"),
        ("--function mine:number --shapes 3", "number is no function"),
        ("--function nowhere:f --shapes 3", "No module named 'nowhere'"),
        ("--function mine --shapes 3", "must be MODULE:NAME or MODULE:LOSS,GRAD"),
        ("--function mine:plain --shapes 3", "f must be a jax.custom_vjp function"),
        ("--function mine:right --shapes 3 --order 2", "--order does not go with"),
        ("--function mine:right --shapes 3 --layers 3", "--layers goes with --data"),
        ("--function mine:right --args no.npz", "no.npz"),
        ("mine:case --function mine:right", "not both"),
        ("mine:case --shapes 3", "--shapes goes with --function"),
        ("--function mine:right --shapes x", "invalid shape value: 'x'"),
    ],
)
def test_refused_in_a_line(mine, capsys, words, message):
    assert main(["verify", *words.split()]) == 3
    out, err = capsys.readouterr()
    assert message in err
    assert err.count("\n") == 1
    assert not out
