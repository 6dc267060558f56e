"""Compiled programs that processes share: whole ones, whoever is writing meanwhile."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from jaxdnn.training import shared_programs
from tests.conftest import users_environment

# Compiles six small programs; prints what they say and how many the folder had.
SCRIPT = """
import sys
import jax, jax.numpy as jnp

hits = []
jax.monitoring.register_event_listener(
    lambda event, **_: hits.append(event) if event.endswith("cache_hits") else None
)
if sys.argv[2] == "jax":
    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
else:
    from jaxdnn import enable_compilation_cache
    enable_compilation_cache(sys.argv[1])

def program(k):
    return jax.jit(lambda x: jnp.sin(x + k).sum() * k)

x = jax.device_put(jnp.arange(5.0))
hits.clear()
print(*[float(program(k)(x)) for k in range(6)], len(hits))
"""


def said(folder, how="jaxdnn"):
    """What a process prints, on stdout and on stderr."""
    command = [sys.executable, "-W", "always", "-c", SCRIPT, str(folder), how]
    done = subprocess.run(
        command, env=users_environment(), capture_output=True, text=True, check=True
    )
    *answers, hits = done.stdout.split()
    return answers, int(hits), done.stderr


def programs(folder):
    return [file for file in folder.iterdir() if "-cache." in file.name]


@pytest.mark.slow
def test_processes_share_a_folder_and_compile_anew_what_was_cut(tmp_path):
    folder, plain = tmp_path / "shared", tmp_path / "plain"
    plain.mkdir()
    answers, hits, errors = said(folder)
    assert (hits, errors) == (0, "")
    count = len(programs(folder))
    assert count >= 6
    for file in programs(folder):
        os.truncate(file, file.stat().st_size // 2)
        shutil.copy(file, plain / file.stem)
    # Two at once: one may be given what the other had just compiled.
    with ThreadPoolExecutor(2) as pool:
        found = [*pool.map(said, [folder] * 2)]
    assert [each[::2] for each in found] == [(answers, "")] * 2
    assert min(each[1] for each in found) == 0
    # The whole ones are there again, and alone.
    assert len([*folder.iterdir()]) == count
    assert said(folder) == (answers, 6, "")
    # JAX itself would have said something.
    again, hits, errors = said(plain, "jax")
    assert (again, hits) == (answers, 0)
    assert "Error reading persistent compilation cache entry" in errors


# ---- the folder --------------------------------------------------------------------


@pytest.fixture
def own_folder(monkeypatch):
    """own_folder, whose process neither compiles nor ends."""
    monkeypatch.setattr(shared_programs.atexit, "register", lambda *_: None)
    listen = "register_event_duration_secs_listener"
    monkeypatch.setattr(shared_programs.jax.monitoring, listen, heard.append)
    heard.clear()
    return shared_programs.own_folder


heard = []


def test_whole_programs_are_linked_and_what_is_compiled_is_shared(tmp_path, own_folder):
    (tmp_path / "jit_f-1-cache.3").write_bytes(b"abc")
    (tmp_path / "jit_f-2-cache.3").write_bytes(b"ab")
    (tmp_path / "jit_f-3-cache").write_bytes(b"JAX's own")
    own = own_folder(tmp_path)
    assert own_folder(tmp_path) == own
    assert [file.name for file in own.iterdir()] == ["jit_f-1-cache"]
    (own / "jit_f-4-cache").write_bytes(b"abcd")
    [share] = heard
    share("/jax/some/other_event", 0.1)
    assert not (tmp_path / "jit_f-4-cache.4").exists()
    share("/jax/core/compile/backend_compile_duration", 0.1)
    assert (tmp_path / "jit_f-4-cache.4").read_bytes() == b"abcd"
    names = ["jit_f-1-cache.3", "jit_f-3-cache", "jit_f-4-cache.4", own.name]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)


def test_the_end_of_a_process_takes_its_folder_and_what_is_too_old(
    tmp_path, own_folder, monkeypatch
):
    monkeypatch.setattr(shared_programs, "_MOST", 2)
    for k in range(4):
        (tmp_path / f"jit_f-{k}-cache.1").write_bytes(b"a")
        os.utime(tmp_path / f"jit_f-{k}-cache.1", (k, k))
    own, living, killed = own_folder(tmp_path), tmp_path / "own-a", tmp_path / "own-b"
    living.mkdir()
    killed.mkdir()
    os.utime(killed, (0, 0))
    shared_programs._leave(tmp_path, own, os.getpid() + 1)
    assert own.is_dir()
    shared_programs._leave(tmp_path, own, os.getpid())
    left = {"own-a", "jit_f-2-cache.1", "jit_f-3-cache.1"}
    assert {file.name for file in tmp_path.iterdir()} == left
