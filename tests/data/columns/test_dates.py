"""Dates are years and angles, however they are written."""

import numpy as np
import pytest

from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.dates import ISO, LAYOUTS, Dates, parse
from tests.tables import learned_from, table


def texts(*cells):
    return np.array(cells, object)


def learned(*cells):
    """The column that cells make."""
    (column,) = learned_from(when=list(cells), y=np.arange(len(cells)) + 0.5).columns
    return column


WRITTEN = {
    ISO: ("2024-02-29", "2023-12-31"),
    "ISO 8601 months": ("2024-02", "2023-12"),
    "%Y/%m/%d": ("2024/2/29", "2023/12/31"),
    "%d.%m.%Y": ("29.02.2024", "31.12.2023"),
    "%m/%d/%Y": ("2/29/2024", "3/4/2024"),
    "%d/%m/%Y": ("29/2/2024", "3/4/2024"),
    "%d-%m-%Y": ("29-02-2024", "03-04-2024"),
    "%d-%b-%Y": ("29-Feb-2024", "31-dec-2023"),
    "%b %d, %Y": ("Feb 29, 2024", "Dec 31, 2023"),
    "%m/%d/%y": ("2/29/24", "12/31/23"),
    "%d.%m.%Y %H:%M": ("29.2.2024 12:30", "31.12.2023 0:00"),
    "%m/%d/%Y %I:%M %p": ("2/29/2024 12:30 PM", "12/31/2023 1:00 AM"),
    "%H:%M": ("12:30", "23:59"),
}


@pytest.mark.parametrize("layout", WRITTEN)
def test_dates_are_found_as_they_are_written(layout):
    column = learned(*WRITTEN[layout])
    assert isinstance(column, Dates)
    assert column.layout == layout
    assert column.hours == ("%M" in layout)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2024-02-29T12:30:00Z", "2024-02-29T12:30:00"),
        ("2024-02-29 12:30:00.25+02:00", "2024-02-29T10:30:00"),
        ("9999-12-31", "9999-12-31T00:00:00"),
    ],
)
def test_iso_has_times_zones_and_any_year(cell, wanted):
    assert parse(texts(cell), ISO) == np.array([wanted], "datetime64[s]")


@pytest.mark.parametrize(
    "cell", ["2024-02-30", "30.2.2024", "12.5", "7", "1234-56", "10-12", "cat", "25:00"]
)
def test_what_is_no_date_is_none(cell):
    assert all(parse(texts(cell), layout) is None for layout in LAYOUTS)


def test_one_cell_that_is_no_date_makes_a_column_text():
    assert isinstance(learned(*["2024-01-01", "2024-01-02", "soon"] * 3), Categories)


def test_what_comes_round_is_an_angle():
    column = learned("2024-01-01 06:00", "2022-07-01 18:00", "")
    assert (column.mean, column.deviation) == (2023.0, 1.0)
    assert column.width == 10
    rows = column.encode(table(when=["2024-01-01 06:00", "2022-07-01 18:00", ""]))
    year, *angles, gap = rows
    assert year.tolist() == [1, -1, 0]
    assert gap.tolist() == [0, 0, 1]
    month, weekday, day = ([0, 6 / 12], [0, 4 / 7], [0, 181 / 365.25])
    hour = [6 / 24, 18 / 24]
    wanted = [
        f(2 * np.pi * np.array(turns))
        for turns in (month, weekday, day, hour)
        for f in (np.sin, np.cos)
    ]
    np.testing.assert_allclose(np.stack(angles)[:, :2], wanted, atol=1e-12)
    assert (np.stack(angles)[:, 2] == 0).all()


def test_a_time_alone_is_an_hour():
    column = learned("00:00", "12:00")
    sine, cosine = column.encode(table(when=["06:00", "12:00"]))
    np.testing.assert_allclose([sine, cosine], [[1, 0], [0, -1]], atol=1e-12)


def test_a_model_reads_dates_as_in_training_or_as_iso():
    column = learned("31/12/2023", "01/02/2024")
    there = column.encode(table(when=["01/02/2024"]))
    np.testing.assert_array_equal(column.encode(table(when=["2024-02-01"])), there)
    with pytest.raises(
        ValueError, match=r"'when', row 2: 'soon' is no date written as"
    ):
        column.encode(table(when=["01/02/2024", "soon"]))
