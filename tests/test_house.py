"""The house rules, read off the sources: where imports point, and who may derive."""

import ast
import graphlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import jaxdnn

PACKAGE = Path(jaxdnn.__file__).parent

# Lower floors first. A module may import from floors below its own, and from its own.
FLOORS = [
    {"_checks", "_checks_where"},
    {"activations"},
    {"parameters", "linear", "dropout", "heads", "objective"},
    {"architecture"},
    {"blocks"},
    {"propagation"},
    {"network", "rotation"},
    *(
        {f"training.{name}" for name in names}
        for names in (
            {"compiling", "optimizers", "stopping", "order", "batch_objective"},
            {"divergence"},
            {"types"},
            {"checks", "buckets", "snapshots"},
            {"examples"},
            {"placing", "batches", "layouts"},
            {"programs"},
            {"prepare", "driver"},
            {"fit", "sweep"},
        )
    ),
    {"training"},  # training/__init__.py
    {"verification"},
    {""},  # jaxdnn/__init__.py, which re-exports all of those
    # Above: files, screens, other libraries. Below: jax and numpy alone.
    {"_atomic", "_extras", "buckets"},
    {"data"},
    {"plots"},
    {"models"},
    {"course"},
    {"cli"},
    {"__main__"},
]
AUTODIFF = {
    *("grad", "value_and_grad", "vjp", "jvp", "linearize", "linear_transpose"),
    *("jacobian", "jacfwd", "jacrev", "hessian", "checkpoint"),
    *("custom_jvp", "custom_vjp", "custom_gradient"),
}


def sources() -> dict[str, str]:
    """Module name, relative to the package and without its ending -> its text."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text()
        for path in PACKAGE.rglob("*.py")
    }


def room(module: str) -> str:
    """The module, or the folder, that stands in FLOORS."""
    if any(module in names for names in FLOORS):
        return module
    return "" if module == "__init__" else module.split(".")[0]


def imports(source: str) -> set[str]:
    """The modules of the package that a source imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            module = node.module or ""
            known = sources()
            names = [
                inner if inner.removeprefix("jaxdnn.") in known else module
                for inner in (f"{module}.{alias.name}" for alias in node.names)
            ]
        found |= {
            name.removeprefix("jaxdnn").lstrip(".")
            for name in names
            if name.split(".")[0] == "jaxdnn"
        }
    return found


def upward(module: str, source: str) -> set[str]:
    """What a module imports from a floor above its own."""
    floor = {name: i for i, names in enumerate(FLOORS) for name in names}
    return {
        target
        for target in imports(source)
        if floor[room(target)] > floor[room(module)]
    }


def derivatives(source: str) -> set[str]:
    """The names of autodiff that a source mentions."""
    tree = ast.parse(source)
    attributes = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    imported = {
        alias.name
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("jax")
        for alias in n.names
    }
    return (attributes | imported) & AUTODIFF


@pytest.mark.parametrize("module", sorted(sources()))
def test_imports_point_down(module):
    assert upward(module, sources()[module]) == set()


def test_imports_make_no_circle():
    graph = {name: imports(source) - {name} for name, source in sources().items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(graph)


@pytest.mark.parametrize(
    "module",
    sorted(
        m
        for m in sources()
        if room(m) in set().union(*FLOORS[: FLOORS.index({"verification"})])
    ),
)
def test_the_core_derives_by_hand(module):
    assert derivatives(sources()[module]) == set()


def test_the_rules_can_be_broken():
    assert upward("linear", "from jaxdnn.training import fit") == {"training.fit"}
    assert upward("linear", "def f():\n    import jaxdnn.cli") == {"cli"}
    assert upward("training.types", "import jaxdnn.training.fit") == {"training.fit"}
    assert upward("training", "from jaxdnn.linear import linear_forward") == set()
    assert derivatives("import jax\njax.grad(f)") == {"grad"}
    assert derivatives("from jax import vjp") == {"vjp"}
    assert derivatives("grads = backward(x)") == set()


def test_importing_touches_nothing():
    program = (
        "import os; before = dict(os.environ)\n"
        "import sys, jax; from jax._src import xla_bridge\n"
        "import jaxdnn, jaxdnn.cli, jaxdnn.data, jaxdnn.models, jaxdnn.plots\n"
        "assert not xla_bridge.backends_are_initialized()\n"
        "assert not jax.config.jax_enable_x64\n"
        "assert dict(os.environ) == before\n"
        "heavy = {'optax', 'sklearn', 'matplotlib', 'pandas', 'tqdm', 'h5py'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_public_functions_show_an_example():
    public = {name: getattr(jaxdnn, name) for name in jaxdnn.__all__}
    without = {
        name
        for name, value in public.items()
        if inspect.isfunction(value) and ">>>" not in (value.__doc__ or "")
    }
    assert without == set()
