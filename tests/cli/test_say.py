"""What is said is of signs that can be printed, and lies below each other."""

import pytest

from jaxdnn.cli.aligned import aligned, number
from jaxdnn.cli.say import say, width


def test_no_sign_of_a_name_reaches_the_terminal_raw(capsys):
    say("猫\x1b[31m", "dog\x07\u202e, $5")
    assert capsys.readouterr().out == "猫\\x1b[31m      dog\\x07\\u202e, $5\n"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0.0000"),
        (-0.25, "-0.2500"),
        (0.001, "0.0010"),
        (-0.00098765, "-0.0009877"),
        (1e-12, "1e-12"),
        (99999.99999, "100000.0000"),
        (139047557.0562, "139047557"),
        (-2.5e9, "-2.5000e+09"),
        (float("inf"), "inf"),
        (None, "–"),
    ],
)
def test_numbers_have_at_most_eleven_signs(value, said):
    assert number(value) == said
    assert len(said) <= 11


def test_columns_are_as_wide_as_they_have_to_be():
    rows = [("a", ["1", "2" * 20]), ("b" * 30, ["猫", "3"])]
    found = dict(aligned(rows))
    assert found["a"] == f"{1:12} {'2' * 20}"
    # The label takes all the room that is before its first cell.
    assert found["b" * 30] == f"猫{3:21}"
    assert width(found["b" * 30]) == 23
