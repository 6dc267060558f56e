"""Every run once; what verify says of them is verification's own affair."""

import pytest

from jaxdnn.explain import recording
from tests.cli.screen import REPORTS
from tests.explain.runs import NETWORKS, recorded


@pytest.fixture(scope="package")
def runs():
    """Name -> recording."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recording, "verify", lambda *_, **__: REPORTS["verified"])
        return {name: recorded(name) for name in NETWORKS}
