"""The report: what is printed, what is JSON, and what `require` raises."""

import json
import pickle

import pytest

from jaxdnn import backward
from jaxdnn.verification import GradientError, Report, verify
from jaxdnn.verification.report import Row

EQUATIONS = ["dZ3", "dW3", "db3", "dZ2", "dW2", "db2", "dZ1", "dW1", "db1"]


def four_times_db1(*arguments, **options):
    first, *rest = backward(*arguments, **options)
    return first._replace(b=4 * first.b), *rest


@pytest.fixture
def right(small) -> Report:
    return verify(*small, l2=0.1)


@pytest.fixture
def wrong(small) -> Report:
    return verify(*small, l2=0.1, backward=four_times_db1)


def test_one_line_an_equation_output_first_then_the_verdict(right):
    title, head, *lines = str(right).splitlines()
    assert title == right.title
    assert title.startswith("verify  3-5-5-2 tanh sigmoid l2=0.1   batch 12")
    assert head.split()[:4] == ["equation", "units", "limit", "where"]
    assert [line.split()[0] for line in lines[:9]] == EQUATIONS
    assert all(line.endswith("ok") for line in lines[: len(right.rows)])
    assert lines[-1] == right.verdict_line == "verdict: VERIFIED"


def test_a_wrong_equation_shows_where_both_values_and_a_hint(wrong):
    lines = str(wrong).splitlines()
    (line,) = [line for line in lines if "WRONG   hint" in line]
    (row,) = [row for row in wrong.rows if row.status == "WRONG"]
    assert line.startswith("db1 = Σ dZ1 /m")
    assert str(list(row.where)) in line
    assert f"{row.hand:.4g}" in line
    assert f"{row.autodiff:.4g}" in line
    assert "differs" in line
    assert line.endswith("hint: factor 4")
    assert row.hand == pytest.approx(4 * row.autodiff)
    assert lines[-1] == "verdict: WRONG at db1 (1 of 9 equations)"


def test_json_round_trip(wrong):
    read = json.loads(wrong.to_json())
    assert read == json.loads(json.dumps(wrong.to_dict()))
    assert read["verdict"] == "wrong"
    assert read["wrong"] == ["db1"]
    assert read["seed"] == 0
    again = [
        Row(**row | {"where": tuple(row["where"])})  # JSON has no tuples
        for row in read["rows"]
    ]
    assert tuple(again) == wrong.rows


def test_json_without_nan_and_infinity():
    row = Row("dW1", "dW1", float("inf"), float("nan"))
    text = Report("", (row,), "wrong").to_json()
    read = json.loads(text, parse_constant=pytest.fail)
    assert (read["rows"][0]["units"], read["rows"][0]["step"]) == ("inf", "nan")


def test_require_passes_what_is_verified(right):
    assert right.ok
    assert right.require() is right


def test_require_raises_the_table_with_the_verdict_first(wrong):
    with pytest.raises(GradientError, match="verdict: WRONG at db1") as caught:
        wrong.require()
    first, rest = str(caught.value).split("\n", 1)
    assert caught.value.report is wrong
    assert first == wrong.verdict_line
    assert rest == str(wrong)


def test_require_raises_what_is_unresolved():
    unresolved = Report("", (), "unresolved", reason="every gradient is exactly 0")
    assert not unresolved.ok
    with pytest.raises(GradientError, match="UNRESOLVED: every gradient is exactly 0"):
        unresolved.require()


def test_the_error_goes_to_another_process():
    error = GradientError(Report("title", (), "wrong"))
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.report == error.report
