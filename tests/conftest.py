"""What every test runs under, and where the course's data are looked for.

XLA would spend the suite's time optimising programs that run once, so tests run with
most of that switched off. Tests marked own_flags measure what users' programs do: they
run without, in processes of their own. JAXDNN_TEST_FLAGS=own runs all of them so.

Compiled programs are kept between runs in .pytest_cache; flags are part of their names.
JAX writes its files in place, so no two processes share a folder: each starts from
links to what is kept and, when it ends, adds what it compiled. Processes that tests
start do the same as users' do, in a folder of their own: see `shared_programs`.
"""

import functools
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest


def _jaxlib() -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version("jaxlib"))))


FAST = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    # Small programs cost more to cut into parts, for threads, than to compile.
    "--xla_cpu_parallel_codegen_split_count=1",
    # What LLVM's passes would read, were they on.
    *(
        f"--xla_llvm_enable_{name}_metadata=false"
        for name in ("alias_scope", "noalias", "invariant_load")
    ),
    # A flag that XLA does not know ends the process.
    *(["--xla_cpu_use_fusion_emitters=false"] if _jaxlib() < (0, 11, 1) else []),
)
OWN_FLAGS = os.environ.get("JAXDNN_TEST_FLAGS") == "own"


def users_environment() -> dict[str, str]:
    """The environment without what this file put there: for processes of tests."""
    own = [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag not in FAST]
    return os.environ | {"XLA_FLAGS": " ".join(own), "JAXDNN_TEST_FLAGS": "own"}


if not OWN_FLAGS:
    os.environ["XLA_FLAGS"] = " ".join([users_environment()["XLA_FLAGS"], *FAST])

import jax  # noqa: E402 (it reads XLA_FLAGS)
from jax._src.interpreters import mlir  # noqa: E402

if not OWN_FLAGS:
    # JAX makes a context for each program: half of what lowering a small one takes.
    mlir.make_ir_context = functools.cache(mlir.make_ir_context)

# A shape that is wrong must not broadcast its way through a test.
jax.config.update("jax_numpy_rank_promotion", "raise")

_SHARED = Path(__file__).resolve().parents[2] / "shared"


KEPT_BYTES = 2**30


@pytest.fixture(scope="session", autouse=True)
def compiled_programs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep this process' compiled programs for the next run."""
    kept = request.config.cache.mkdir("compiled")
    with tempfile.TemporaryDirectory(prefix="own-", dir=kept) as own:
        for file in kept.glob("*-cache"):
            os.link(file, Path(own, file.name))
        jax.config.update("jax_compilation_cache_dir", own)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        # A path of this folder would be part of each program's name.
        jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
        yield
        for file in Path(own).glob("*-cache"):
            os.replace(file, kept / file.name)


@pytest.fixture(scope="session")
def shared_programs(request: pytest.FixtureRequest) -> str:
    """The folder in which processes that tests start keep their programs."""
    return str(request.config.cache.mkdir("compiled") / "shared")


@pytest.fixture(scope="session")
def keeping(shared_programs: str) -> str:
    """A line of a script that is a process of its own: it keeps its programs there."""
    return f"import jaxdnn; jaxdnn.enable_compilation_cache({shared_programs!r})\n"


# Linux gives a process 65,530 pieces of memory; a program takes some, and beyond them
# compiling one ends the process.
MOST_PIECES = 20_000


def pieces_of_memory() -> int:
    """How many this process has; 0 where the system does not say."""
    try:
        return Path("/proc/self/maps").read_bytes().count(b"\n")
    except OSError:
        return 0


@pytest.fixture(scope="module", autouse=True)
def room_for_programs() -> Iterator[None]:
    """Forget the programs of the tests before where they have become too many."""
    yield
    if pieces_of_memory() > MOST_PIECES:
        gc.unfreeze()
        jax.clear_caches()
    # What a file of tests leaves is not looked through at each collection after it.
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    """Start anew, before any worker does, where too much is kept."""
    if hasattr(config, "workerinput"):
        return
    # Files are dealt to workers in the order in which they were collected.
    config.option.loadscopereorder = False
    kept = config.cache.mkdir("compiled")
    if sum(file.stat().st_size for file in kept.glob("*-cache")) > KEPT_BYTES:
        shutil.rmtree(kept)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: at the end nobody waits for one of them."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def one_quick(cases: Iterable[Any]) -> list[Any]:
    """What to parametrize by: the first of these, and the others as slow ones."""
    first, *others = cases
    return [first, *(pytest.param(case, marks=pytest.mark.slow) for case in others)]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: look for no garbage in it, and seldom in what is old."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        young, middle, old = gc.get_threshold()
        gc.set_threshold(young, middle, 5 * old)


@functools.cache
def own_process(test: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a test, with all its parameters, in a process without FAST."""
    command = [sys.executable, "-m", "pytest", "-q", test]
    return subprocess.run(
        command, cwd=folder, env=users_environment(), capture_output=True, text=True
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Send a test that is marked own_flags to a process of its own."""
    if OWN_FLAGS or pyfuncitem.get_closest_marker("own_flags") is None:
        return None
    test = pyfuncitem.nodeid.split("[")[0]
    done = own_process(test, pyfuncitem.config.rootpath)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return True


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A chromium, driven by playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs a chromium on the path")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def _folder(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"no course data: {folder} is missing (set {variable})")
    return folder


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the course's data files."""
    return _folder("JAXDNN_DATA", _SHARED / "data")


@pytest.fixture(scope="session")
def reference() -> dict[str, dict]:
    """The course's published numbers, by identifier."""
    folder = _folder("JAXDNN_REFERENCE", _SHARED / "reference")
    vectors = json.loads((folder / "vectors.json").read_text())["vectors"]
    return {vector["id"]: vector for vector in vectors}
