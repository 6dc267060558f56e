"""`jaxdnn sweep`: every combination, the best first, on the screen and in files."""

import csv

import pytest

from jaxdnn.cli import main


@pytest.mark.slow
@pytest.mark.usefixtures("drawn")
def test_every_combination_is_a_line_and_the_best_comes_first(tmp_path, capsys):
    words = (
        "sweep --data moons --hidden-sizes 2 4 --learning-rates 0.01 0.3 --epochs 60"
    )
    assert main([*words.split(), "--seeds", "1", "2", "--out", str(tmp_path)]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ["hidden", "learning"]
    assert len(lines) == 8 + 2
    assert lines[-2].split()[-1] == str(tmp_path / "sweep.csv")
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    costs = [float(row["validation cost"]) for row in rows]
    assert costs == sorted(costs)
    assert {(row["hidden"], row["learning rate"], row["seed"]) for row in rows} == {
        (hidden, rate, seed)
        for hidden in ("2", "4")
        for rate in ("0.01", "0.3")
        for seed in ("1", "2")
    }
    assert rows[0]["learning rate"] == "0.3"
    assert (tmp_path / "sweep.png").read_bytes().startswith(b"\x89PNG")


def test_the_best_score_comes_first_where_scores_are_watched(tmp_path, capsys):
    words = "sweep --data moons --learning-rates 0.01 0.1 0.5 --epochs 30 --watch score"
    assert main([*words.split(), "--seeds", "1", "2", "--out", str(tmp_path)]) == 0
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    merits = [
        (-float(r["validation score"]), float(r["validation cost"])) for r in rows
    ]
    assert merits == sorted(merits)


def test_runs_that_all_diverge_are_exit_code_1(tmp_path, capsys):
    words = "sweep --data moons --hidden-sizes 4 --learning-rates 1e30 --epochs 5"
    assert main([*words.split(), "--out", str(tmp_path)]) == 1
    assert "every run diverged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--hidden-sizes 2,3 4", "--hidden-sizes must all have the same number"),
        ("--hidden-sizes 2,x", "must be a whole number >= 1"),
        ("--learning-rates -1", "learning_rate must be finite and > 0"),
        ("--data nothing", "no such data set"),
        ("--seeds -3", "must be a whole number >= 0"),
    ],
)
def test_bad_words_are_one_line(words, says, tmp_path, capsys):
    arguments = ["sweep", "--out", str(tmp_path), "--epochs", "2", *words.split()]
    assert main(arguments) == 2
    errors = capsys.readouterr().err
    assert says in errors
    assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())
