"""What all tests of the command line need."""

import pytest

from jaxdnn import cli


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Neither this process nor those it starts touch the user's compiled programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "enable_compilation_cache", lambda: None)
        cache = tmp_path_factory.mktemp("cache")
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(cache))
        yield
