"""The benchmark compares like with like, and measures what it says it measures."""

import contextlib
import io
import json
import re
import sys
from functools import cache

import jax
import numpy as np
import pytest

from jaxdnn import Network
from scripts.benchmark import __main__ as benchmark
from scripts.benchmark import _batches as batches
from scripts.benchmark import _cold as cold
from scripts.benchmark import _peers as peers
from scripts.benchmark import _scaling as scaling
from scripts.benchmark import _startup as startup
from scripts.benchmark import _sweeps as sweeps
from scripts.benchmark import _targets as targets
from scripts.benchmark import _timing as timing

pytestmark = pytest.mark.slow

TINY = benchmark.Size(Network((5, 4, 3, 3), output="softmax"), 7, 40)
SHAPES = (
    TINY,
    benchmark.Size(Network((2, 3, 1), hidden="tanh"), 8, 40),
)
EPOCHS = 20
SLOW_TO_BEGIN = ("equinox", "flax-nnx", "numpy-float32")
# The last of the batches is partly empty.
TINY_BATCHES = batches.BatchSize("iris", Network((4, 5, 3), output="softmax"), 20, 8, 9)
TINY_SWEEP = sweeps.SweepSize(TINY.network, 7, 3, 3, 9)


@cache
def missing(name):
    """The first library that this peer lacks, if any: its others are imported."""
    return (peers.PEERS | batches.BATCH_PEERS)[name].missing()


def skip_without(name):
    if missing(name):
        pytest.skip(f"{missing(name)} is not installed: pip install 'jaxdnn[bench]'")


def as_costs(run, epochs):
    return np.array([float(J) for J in run(epochs)])


# The peers.


@pytest.fixture(scope="module", params=SHAPES, ids=lambda size: size.name)
def problem(request):
    return peers.make_problem(request.param.network, request.param.m, rate=0.1)


@pytest.fixture(scope="module")
def wanted(problem):
    return as_costs(peers.PEERS["numpy-float64"].build(problem), EPOCHS)


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_walks_the_same_trajectory(problem, wanted, name):
    skip_without(name)
    walks_like(problem, name, wanted)


def walks_like(problem, name, wanted):
    run = peers.PEERS[name].build(problem)
    found = as_costs(run, EPOCHS)
    assert found.shape == (EPOCHS,)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert wanted[-1] < wanted[0]
    # Every run begins anew.
    np.testing.assert_array_equal(as_costs(run, EPOCHS), found)


def test_fit_rotates_many_inputs_and_the_costs_do_not_show_it():
    problem = peers.make_problem(Network((40, 4, 3, 1)), 5, rate=0.1)
    exact = peers.PEERS["numpy-float64"].build(problem)
    walks_like(problem, "fit", as_costs(exact, EPOCHS))


def test_a_peer_that_does_other_work_is_refused():
    problem = peers.make_problem(TINY.network, TINY.m)
    build = peers.PEERS["numpy-float64"].build
    costs = {"honest": build(problem)(4), "longer": build(problem)(9)}
    peers.check_costs("tiny", costs)
    costs["faster rate"] = build(problem._replace(rate=1.05 * problem.rate))(4)
    with pytest.raises(RuntimeError, match="faster rate does not train as honest does"):
        peers.check_costs("tiny", costs)


def test_problems_are_seeded_and_have_every_class():
    one, two = (peers.make_problem(TINY.network, TINY.m) for _ in range(2))
    np.testing.assert_array_equal(one.X, two.X)
    np.testing.assert_array_equal(one.Y.sum(axis=0), 1)
    assert (one.Y.sum(axis=1) > 0).all()


# The peers in mini-batches.


@pytest.fixture(scope="module")
def batched():
    problem = peers.make_problem(TINY_BATCHES.network, TINY_BATCHES.m, rate=0.1)
    key = jax.random.key(1)
    return problem._replace(batch_size=TINY_BATCHES.batch_size, key=key)


def test_fit_and_autodiff_see_the_same_batches(batched):
    costs = {
        name: as_costs(batches.BATCH_PEERS[name].build(batched), EPOCHS)
        for name in ("fit", "value_and_grad")
    }
    peers.check_costs("tiny", costs)
    np.testing.assert_allclose(costs["fit"], costs["value_and_grad"], rtol=1e-5)
    assert costs["fit"][-1] < costs["fit"][0]


@pytest.mark.parametrize(
    "planted", [{"batch_size": 10}, {"key": jax.random.key(2)}], ids=["size", "order"]
)
def test_other_batches_are_refused(batched, planted):
    fit, other = (
        batches.BATCH_PEERS[name].build(problem)(EPOCHS)
        for name, problem in (
            ("fit", batched),
            ("value_and_grad", batched._replace(**planted)),
        )
    )
    with pytest.raises(RuntimeError, match="other does not train as fit does"):
        peers.check_costs("tiny", {"fit": fit, "other": other})


@pytest.mark.parametrize("name", batches.BATCH_PEERS)
def test_every_peer_goes_through_all_examples(batched, name):
    """One batch of everything: no order of the rows changes its cost."""
    skip_without(name)
    whole = batched._replace(batch_size=TINY_BATCHES.m)
    wanted = as_costs(peers.PEERS["numpy-float64"].build(whole), EPOCHS)
    run = batches.BATCH_PEERS[name].build(whole)
    np.testing.assert_allclose(as_costs(run, EPOCHS), wanted, rtol=1e-5)


def test_the_python_loop_leaves_no_example_out(batched):
    pytest.importorskip("optax")
    costs = batches.build_optax_loop(batched)(2)
    assert len(costs) == 2 * 3  # of 8, 8 and 4


def test_data_that_are_absent_become_random_and_say_so(monkeypatch, tmp_path):
    monkeypatch.setenv("JAXDNN_DATA", str(tmp_path))
    network = Network((784, 2, 10), output="softmax")
    problem, data = batches.make_batches(batches.BatchSize("mnist", network, 30, 8, 1))
    assert data == "random"
    assert problem.X.shape == (784, 30)
    assert problem.batch_size == 8


def test_real_data_are_whole_and_scaled():
    pytest.importorskip("sklearn")
    (iris,) = (size for size in batches.BATCH_SIZES if size.name == "iris")
    problem, data = batches.make_batches(iris)
    assert data == "real"
    assert problem.X.shape == (4, 150)
    assert float(abs(problem.X).max()) == 1.0
    np.testing.assert_array_equal(problem.Y.sum(axis=1), 50)


def call(*arguments):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = benchmark.main([*arguments, "--repeats", "2", "--seconds", "0.001"])
    return code, out.getvalue()


def timed(found):
    """Without those that take longest to begin: each is built by tests of its own."""
    return {name: of for name, of in found.items() if name not in SLOW_TO_BEGIN}


def make_tiny(patch):
    """Everything as small as it gets, and no process started."""
    patch.setattr(benchmark, "SIZES", {TINY.name: TINY})
    patch.setattr(benchmark, "MATMUL_SIDES", (8, 16))
    patch.setattr(timing, "SETTLE_SECONDS", 0.0)
    for peers_of in ("PEERS", "BATCH_PEERS"):
        patch.setattr(benchmark, peers_of, timed(getattr(benchmark, peers_of)))
    sizes = {"BATCH": (TINY_BATCHES,), "SWEEP": (TINY_SWEEP,), "EXAMPLE": ()}
    for part, few in sizes.items():
        patch.setattr(benchmark, f"{part}_SIZES", few)
    calls = {False: cold.FirstCall(0.75, 0.5, 3), True: cold.FirstCall(0.25, 0.2, 3)}
    patch.setattr(cold, "first_call", lambda *folder: calls[bool(folder)])
    patch.setattr(startup, "taken", lambda words, _: float(len(words)))
    mesh = {"name": "", "devices": 2, "processes": 1, "parameters": 8}
    mesh["ways"] = {"pieces": {"taken": 8, "sent": 8.0}}
    patch.setattr(benchmark, "measure_meshes", lambda: [mesh])
    for name, value in {
        "ROWS": {20: 4, 30: 4},
        "WIDTHS": {2: 4, 4: 4},
        "WIDTHS_ROWS": 20,
        "BATCH_SIZE": 10,
        "DEPTHS": (1, 2),
    }.items():
        patch.setattr(scaling, name, value)


@pytest.fixture
def tiny(monkeypatch):
    make_tiny(monkeypatch)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One run of every part: the exit code, what it printed, the report."""
    file = tmp_path_factory.mktemp("benchmark") / "report.json"
    with pytest.MonkeyPatch.context() as patch:
        make_tiny(patch)
        code, printed = call("--json", str(file))
    return code, printed, json.loads(file.read_text())


def test_the_report_has_every_field(whole):
    code, _, report = whole
    assert code == 0
    assert set(report) == {
        *("machine", "versions", "repeats", "sample_seconds", "missing"),
        *("matmul_gflops", "sizes", "batches", "cold", "startup", "sweeps"),
        *("scaling", "meshes", "per_example", "targets", "seconds"),
    }
    assert set(report["machine"]) == {
        *("processor", "cores", "device", "system", "load_average"),
    }
    assert {"Python", "jaxdnn", "jax", "jaxlib", "numpy"} <= set(report["versions"])
    assert set(report["matmul_gflops"]) == {"8", "16"}
    every = timed(peers.PEERS | batches.BATCH_PEERS)
    assert report["missing"] == {n: missing(n) for n in every if missing(n)}
    assert [size["name"] for size in report["sizes"]] == [TINY.name]
    for size in report["sizes"]:
        assert set(size) == {
            *("name", "layer_dims", "m", "hidden", "output", "operations"),
            *("peak_gflops", "temporary_bytes", "peers"),
        }
        assert all(n > 0 for n in size["temporary_bytes"].values())
        assert list(size["peers"]) == [n for n in timed(peers.PEERS) if not missing(n)]
        for name, peer in size["peers"].items():
            assert set(peer) == {
                *("step_s", "steps_s", "gflops", "share_of_peak", "start_s"),
                *("compile_s", "epochs", "times_as_fast_as"),
            }
            assert len(peer["steps_s"]) == 2
            others = set(size["peers"]) - {name} if name in benchmark.OURS else set()
            assert set(peer["times_as_fast_as"]) == others
            for ratio in (peer["share_of_peak"], *peer["times_as_fast_as"].values()):
                assert set(ratio) == {"median", "low", "high", "pairs"}
    for target in report["targets"]:
        assert set(target) == {"target", "size", "found", "verdict"}
    assert report["targets"]


def test_the_report_of_the_other_parts(whole):
    _, printed, report = whole
    (size,) = report["batches"]
    assert size["name"] == "iris"
    assert size["data"] == ("random" if missing("scikit-learn") else "real")
    assert list(size["peers"]) == [
        n for n in timed(batches.BATCH_PEERS) if not missing(n)
    ]
    assert set(size["peers"]["fit"]["times_as_fast_as"]) == set(size["peers"]) - {"fit"}
    ours, _, bare = size["counts"].values()
    assert ours["dots"] == bare["dots"] == 5
    assert re.search(rf"\nbare loop +{bare['kernels']} +5 +{bare['copies']} ", printed)
    assert (report["cold"]["first_s"], report["cold"]["cached_s"]) == (0.75, 0.25)
    assert (report["cold"]["times_the_program"], report["cold"]["programs"]) == (1.5, 3)
    times = {of["name"]: of["times_import_jax"]["median"] for of in report["startup"]}
    assert (times["import jax"], times["help"], times["train"]) == (1, 3 / 2, 5 / 2)
    (size,) = report["sweeps"]
    assert list(size["peers"]) == ["3 runs of fit", "vmap", "map"]
    # In batches of 3 through layers of 4, 3 and 3 units: few, so sweep chooses vmap.
    assert (size["activations"], size["chosen"]) == (3 * (4 + 3 + 3), "vmap")
    assert size["faster"] in ("vmap", "map")
    rows, widths = report["scaling"]["rows"], report["scaling"]["widths"]
    assert [row["name"] for row in rows] == ["20-32-1x20", "20-32-1x30"]
    assert [row["name"] for row in widths] == ["20-2-1x20", "20-4-1x20"]
    assert rows[1]["row_s"] == pytest.approx(rows[1]["epoch_s"] / 30)
    assert set(report["scaling"]["depths"]["compile_s"]) == {"1", "2"}
    for row in (*rows, *widths):
        assert f"\n{row['name']} " in printed


def test_only_the_parts_asked_for_are_run(monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark, "judge", lambda _: [])
    for part in benchmark.PARTS:
        fill = lambda report, *_, part=part: report.update({part: []})
        monkeypatch.setitem(benchmark.PARTS, part, fill)
    file = tmp_path / "report.json"
    for asked in (["sweeps"], ["steps", "batches"], list(benchmark.PARTS)):
        call("--parts", *asked, "--json", str(file))
        report = json.loads(file.read_text())
        assert [part for part in benchmark.PARTS if part in report] == asked


def test_a_lane_that_trains_otherwise_is_refused(monkeypatch):
    honest = sweeps.lanes
    faster = peers.make_problem(TINY.network, TINY_SWEEP.m, rate=0.02)

    def lanes(size, strategy):
        with monkeypatch.context() as patch:
            if strategy == "map":
                patch.setattr(sweeps, "make_problem", lambda *_: faster)
            return honest(size, strategy)

    monkeypatch.setattr(sweeps, "lanes", lanes)
    options = benchmark.parse_arguments(["--repeats", "1", "--seconds", "0.001"])
    with pytest.raises(RuntimeError, match="map does not train as 3 runs of fit does"):
        sweeps.measure_sweep(TINY_SWEEP, options)


def test_the_figures_fit_together(whole):
    _, _, report = whole
    for size in report["sizes"]:
        fit, numpy = size["peers"]["fit"], size["peers"]["numpy-float64"]
        assert fit["gflops"] == pytest.approx(size["operations"] / fit["step_s"] / 1e9)
        pairs = np.divide(numpy["steps_s"], fit["steps_s"])
        ratio = fit["times_as_fast_as"]["numpy-float64"]
        assert ratio["pairs"] == pytest.approx(pairs.tolist())
        assert ratio["median"] == pytest.approx(np.median(pairs))


def test_the_tables_name_every_peer_and_target(whole):
    _, printed, report = whole
    for size in report["sizes"]:
        assert str(tuple(size["layer_dims"])) in printed
        for peer in size["peers"]:
            assert f"\n{peer} " in printed
    for target in report["targets"]:
        assert target["target"] in printed
    for name, version in report["versions"].items():
        assert f"{name} {version}" in printed


@pytest.mark.usefixtures("tiny")
def test_missing_peers_are_named_and_left_out(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    file = tmp_path / "report.json"
    code, printed = call(
        "--peers",
        "scikit-learn",
        "numpy-float64",
        "--parts",
        "steps",
        "--sizes",
        TINY.name,
        "--json",
        str(file),
    )
    assert code == 0
    assert "left out: scikit-learn (sklearn is not installed)" in printed
    report = json.loads(file.read_text())
    assert report["missing"] == {"scikit-learn": "sklearn"}
    assert [list(size["peers"]) for size in report["sizes"]] == [["numpy-float64"]]
    with pytest.raises(SystemExit, match="no peer to time"):
        call("--peers", "scikit-learn")


@pytest.mark.parametrize("verdict", ["met", "met within noise", "missed"])
def test_check_turns_a_missed_target_into_the_exit_code(monkeypatch, verdict):
    found = targets.Verdict("be quick", TINY.name, "1 s", verdict)
    monkeypatch.setattr(benchmark, "judge", lambda report: [found])
    monkeypatch.setitem(benchmark.PARTS, "steps", lambda *_: None)
    assert call("--parts", "steps")[0] == 0
    assert call("--parts", "steps", "--check")[0] == (verdict == "missed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--parts", "feet"], "invalid choice: 'feet'"),
        (["--sizes", "3-1x5"], "invalid choice: '3-1x5'"),
        (["--peers", "abacus"], "invalid choice: 'abacus'"),
        (["--repeats", "0"], "--repeats must be at least 1, got 0"),
        (["--seconds", "0"], "--seconds must be above 0, got 0.0"),
        (["--json", "no/such/folder/report.json"], "there is no folder no/such/folder"),
    ],
)
def test_bad_options_get_one_clear_line(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        benchmark.parse_arguments(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
