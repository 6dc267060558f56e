"""README's first code prints what stands under it; its numbers stand on its pages."""

import contextlib
import io
import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.mark.slow
def test_the_first_code_prints_what_stands_under_it():
    blocks = re.search(r"```python\n(.*?)```\n```\n(.*?)```", README, re.DOTALL)
    code, shown = blocks.groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})  # as a reader would run it

    def words(text):
        """Without the table's numbers, whose last digits are the machine's."""
        lines = text.splitlines()
        return [*lines[:3], *(re.sub(r"\d\.\d", "", l).split() for l in lines[3:])]

    assert words(printed.getvalue()) == words(shown)


def test_a_number_beside_others_stands_on_its_page():
    rows = re.findall(r"^\|(.*)\|$", README, re.MULTILINE)[2:]
    assert len(rows) > 5
    for row in rows:
        _, *numbers, _, page = row.split("|")
        path = re.search(r"\]\((.*)\)", page).group(1)
        text = (Path(__file__).parent.parent / path).read_text()
        # Those of one digit are in names of checkers.
        for number in re.findall(r"(?<![\w.])\d+\.?\d+(?:e-\d+)?", " ".join(numbers)):
            assert number in text, (number, path)


def test_it_is_short_and_its_links_are_there():
    assert len(README.splitlines()) <= 150
    for link in re.findall(r"\]\(([^):#]+)", README):
        assert (Path(__file__).parent.parent / link).exists(), link
