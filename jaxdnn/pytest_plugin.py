"""The pytest plugin: silent unless asked, and without JAX in suites that use none."""

from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_KIND = "gradient"
_item: ContextVar[pytest.Item | None] = ContextVar("item", default=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """--gradient-report."""
    parser.getgroup("jaxdnn").addoption(
        "--gradient-report",
        metavar="FILE",
        type=Path,
        help="write a line for each gradient that jaxdnn.testing has judged",
    )


@pytest.fixture
def gradients() -> ModuleType:
    """jaxdnn.testing: assert_gradient, assert_vjp, check_grads."""
    import jaxdnn.testing

    return jaxdnn.testing


def record(report: Any) -> None:
    """Note a verdict among the properties of the test that is running."""
    item = _item.get()
    if item is not None:
        title = " ".join(report.title.split())
        item.user_properties.append((_KIND, f"{title}: {report.verdict_line}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Say whose verdicts are to come."""
    token = _item.set(item)
    try:
        return (yield)
    finally:
        _item.reset(token)


class _Lines:
    """The verdicts of a whole run, from whichever process."""

    def __init__(self, file: Path):
        self.file, self.lines = file, list[str]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            for name, value in report.user_properties:
                if name == _KIND:
                    self.lines.append(f"{report.nodeid}\t{value}\n")

    def pytest_sessionfinish(self) -> None:
        self.file.write_text("".join(sorted(self.lines)))


def pytest_configure(config: pytest.Config) -> None:
    """Where a report is asked for, gather it; not in xdist's workers."""
    file = config.getoption("--gradient-report")
    if file is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Lines(file), "gradient-report")
