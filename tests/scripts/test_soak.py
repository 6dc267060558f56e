"""The soaks in short, and that each would see what it looks for."""

import inspect
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

import jaxdnn as dnn
from scripts.soak import __main__ as script
from scripts.soak import arguments, calls, extremes, kernels, modes, tables

SOME = {
    "object",
    "text",
    "1j",
    "nan",
    "10**400",
    "Decimal",
    "dictionary",
    "array of objects",
    "array (5, 7)",
    "complex array",
    "masked array",
    "keys",
    "deleted array",
}


def fails(cases, good):
    return [case for case in cases if case.outcome not in script.GOOD[good]]


@pytest.mark.slow
def test_a_bad_argument_is_told_by_its_name():
    cases = list(arguments.outcomes(values=SOME))
    assert len(cases) > 100 * len(SOME)
    assert {case.value for case in cases} == SOME
    assert fails(cases, "arguments") == []


def test_none_is_told_where_it_is_no_default():
    cases = [
        arguments.outcome(name, function, good, argument, "None", None)
        for name, (function, good) in calls.good_calls().items()
        for argument in good
        if inspect.signature(function).parameters[argument].default is not None
    ]
    assert len(cases) > 100
    assert fails(cases, "arguments") == []


def test_a_foreign_error_is_seen():
    def helpless(X):
        return X + {}

    case = arguments.outcome("helpless", helpless, {"X": 1}, "X", "int", 1)
    assert case.outcome == "foreign"


TRACES = {f"closed over in {trace}" for trace in modes.TRACES}
EVERY = {*modes.MODES, *TRACES, *modes.KEYS}


# Operation by operation is slow: of those that run alike, one does so.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "left_out"),
    [
        ("fit", {"disable_jit", "legacy keys"}),
        ("fit, defaults", set()),
        ("cost_and_gradients", {"disable_jit"}),
    ],
)
def test_a_function_in_every_mode(function, left_out):
    asked = EVERY - left_out
    cases = list(modes.outcomes({function}, asked))
    assert {case.mode for case in cases} == asked
    assert fails(cases, "modes") == []


SMALL = {
    *("forward", "score", "backward", "predict", "compute_cost", "update_parameters"),
    *("relu_backward", "linear_backward", "dropout_forward", "initialize_parameters"),
    *("network_function", "cost_function", "clipped_gradients", "kfac_factors"),
}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["strict dtype promotion", "transfer_guard disallow"])
def test_small_functions_in_strict_modes(mode):
    cases = list(modes.outcomes(SMALL, {mode}))
    assert len(cases) == len(SMALL)
    assert fails(cases, "modes") == []


def test_what_differs_under_a_mode_is_seen():
    plain = modes.plain_numbers(jnp.ones(2))
    differs = modes.case("f", "jit", lambda: jnp.zeros(2), plain)
    assert differs.outcome == "differs"
    assert (
        modes.case("f", "jit", lambda: jnp.zeros(3) @ plain, plain).outcome == "fails"
    )


MESHES = """
from scripts.soak.meshes import outcomes

cases = list(outcomes(short=True))
assert len(cases) > 45, len(cases)
assert not (bad := [case for case in cases if case.outcome != "works"]), bad
"""


@pytest.mark.slow
def test_meshes_and_shard_map(keeping):
    command = [sys.executable, "-c", keeping + MESHES]
    subprocess.run(command, check=True, env=dict(os.environ))


@pytest.mark.slow
def test_extremes_of_half_precision(monkeypatch):
    monkeypatch.setattr(extremes, "DTYPES", ("float16",))
    monkeypatch.setattr(extremes, "L2", ("zero array",))
    monkeypatch.setattr(extremes, "SCALES", (1e-3, 30.0, 3e3))
    cases = list(extremes.outcomes(counts=(6,), hidden=("relu", "gelu_tanh")))
    assert fails(cases, "extremes") == []
    assert {case.outcome for case in cases} == {"finite", "does not fit"}


def test_sums_over_many_examples_leave_half_precision():
    network = dnn.Network((1, 1), output="identity")
    params = (dnn.Layer(jnp.zeros((1, 1), "float16"), jnp.zeros((1, 1), "float16")),)
    X = jnp.ones((1, 70_000), "float16")
    J, grads = dnn.cost_and_gradients(network, params, X, 6 * X)
    assert (float(J), float(grads[0].b[0, 0])) == (18.0, -6.0)
    assert J.dtype == jnp.float16
    weights = jnp.full(70_000, 1e-6, "float16")
    weighed = dnn.cost(network, params, X, 6 * X, sample_weight=weights)
    assert float(weighed) == pytest.approx(18.0, rel=2e-3)


def test_no_l2_is_none_however_it_is_given():
    network = dnn.Network((1, 1), output="identity")
    params = (dnn.Layer(jnp.full((1, 1), 1e20), jnp.zeros((1, 1))),)
    X = jnp.full((1, 2), 1e-20)
    for l2 in (0.0, jnp.float32(0), jnp.zeros(())):
        assert float(dnn.cost(network, params, X, X, l2=l2)) == pytest.approx(0.5)
    traced = jax.jit(lambda l2: dnn.cost(network, params, X, X, l2=l2))(0.0)
    assert float(traced) == pytest.approx(0.5)


def test_the_command_counts_and_tells(capsys, monkeypatch):
    bad = [extremes.Case("one", "finite"), extremes.Case("other", "NaN or infinite")]
    monkeypatch.setattr(extremes, "outcomes", lambda: iter(bad))
    assert script.main(["--parts", "extremes"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in printed[1:3]] == ["1", "1"]
    assert printed[3] == "other | NaN or infinite"


# A number, a text, nothing and what is infinite, each in the spellings that are read
# in ways of their own.
CELLS = {
    *("+4", "1E-3", ".5", "5.", "007", "-0", "12345678901234567890", " 2.5"),
    *("", " ", "NA", "nan", "?", "12a", "1,304", "1_000", "0x10", "１２", "3/4", "-"),
    *("True", "=1+1", "\x1b[31mred", "inf", "1e400", "line\nbreak", 'a "quote"', "é"),
}


@pytest.mark.slow
def test_odd_tables_are_read_or_refused():
    cases = list(tables.outcomes({*CELLS, "x" * 5000}))
    assert len(cases) > 4 * len(CELLS) + 50
    assert fails(cases, "tables") == []


def test_a_cell_that_is_misread_is_seen(tmp_path):
    path = tmp_path / "odd.csv"
    rows = tables.rows()
    path.write_text(tables.written(rows))
    said = float(rows[tables.ODD_ROW][0])
    outcomes = [
        tables.judged("x", path, count, meaning).outcome
        for count, meaning in [
            *((tables.ROWS, said), (tables.ROWS, said + 1), (tables.ROWS, None)),
            *((tables.ROWS - 1, said), (None, said)),
        ]
    ]
    assert outcomes == ["taken", "misread", "misread", "rows lost", "read"]


@pytest.mark.slow
def test_small_runs_as_one_kernel(monkeypatch):
    assert {case.outcome for case in kernels.outcomes(1)} == {"equal"}
    monkeypatch.setattr(kernels, "_trained", lambda _, **set_: float(len(set_)))
    assert {case.outcome for case in kernels.outcomes(1)} == {"differs"}
