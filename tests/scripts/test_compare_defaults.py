"""The script that sets the defaults beside scikit-learn's."""

import pytest

from scripts.experiments import compare_defaults
from scripts.experiments.compare_defaults import BUNDLED, Compared, Named, main


@pytest.mark.slow
def test_both_learn_from_the_same_rows(capsys):
    assert main(["--tables", "iris", "diabetes", "--seeds", "1"]) == 0
    heading, iris, diabetes, _ = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["table", "jaxdnn", "scikit-learn"]
    for line, name, low in ((iris, "iris", 0.8), (diabetes, "diabetes", 0.2)):
        found, ours, theirs, *_ = line.split()
        assert found == name
        assert min(float(ours), float(theirs)) > low


@pytest.mark.parametrize(("lower", "code"), [(2, 0), (3, 1)])
def test_two_tables_may_be_lower(monkeypatch, capsys, lower, code):
    seen = []

    def compared(data, seed):
        seen.append((data.source, seed))
        return Compared(0.5, 0.6 if len(seen) <= lower else 0.5, 1.0, 2.0)

    monkeypatch.setattr(compare_defaults, "compare", compared)
    assert main(["--tables", *BUNDLED, "--seeds", "1"]) == code
    said = capsys.readouterr().out
    assert said.endswith(f"as good or better on {5 - lower} of 5\n")
    assert said.count("lower") == lower


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(
        compare_defaults.TABLES, "mnist1d", Named("nowhere.data", lambda _: None, "y")
    )
    with pytest.raises(
        SystemExit, match=r"mnist1d needs nowhere; install it with: pip"
    ):
        compare_defaults.read("mnist1d", tmp_path)
