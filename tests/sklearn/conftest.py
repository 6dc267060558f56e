"""What tests of the estimators share."""

import jax
import pytest


@pytest.fixture
def compiled():
    """The names of the programs compiled since."""
    names = []

    def listen(event, _, **of):
        if event.endswith("backend_compile_duration"):
            names.append(of.get("fun_name"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield names
    jax.monitoring.unregister_event_duration_listener(listen)
