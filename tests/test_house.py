"""The house rules, read off the sources: where imports point, and who may derive."""

import ast
import functools
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
    {
        "_html",
        "_names",
        "_programs",
        "_refusals",
        "_registry",
        "_same_code",
        "_shown",
        "sharding",
    },
    {"_checks"},
    {"arrays", "second_derivatives"},
    {"activations", "decisions"},
    {"parameters", "linear", "dropout", "heads", "objective"},
    {"architecture"},
    {"blocks"},
    {"propagation", "arguments"},
    {"network", "rotation", "functions"},
    {"per_example"},
    {"curvature"},
    *(
        {f"training.{name}" for name in names}
        for names in (
            {"shared_programs"},
            {
                "compiling",
                "optimizers",
                "stopping",
                "clipping",
                "batch_objective",
                "padding",
            },
            {"divergence"},
            {"types"},
            {"buckets", "one_kernel", "snapshots", "weights"},
            {"checks", "order"},
            {"file_pieces", "source"},
            {"examples"},
            {"placing", "batches", "layouts"},
            {"programs", "together"},
            {"prepare", "driver"},
            {"lanes"},
            {"fit", "sweep"},
        )
    ),
    {"training"},  # training/__init__.py
    {"answers"},
    {"verification"},
    {""},  # jaxdnn/__init__.py, which re-exports all of those
    {"testing"},
    {"pytest_plugin"},
    # Above: files, screens, other libraries. Below: jax and numpy alone.
    {"_atomic", "_extras", "_text"},
    {"data"},
    {"plots"},
    {"models"},
    {"explain"},
    {"sklearn"},
    {"interop"},
    {"export"},
    {"course"},
    {"cli"},
    {"__main__"},
]
# The same inside verification/: of a module, the longest name here that it begins with.
VERIFICATION = [
    {"units", "names", "passes", "exact"},
    {"report", "elementwise", "mistakes"},
    {"problem", "slopes"},
    {"derivatives.along", "derivatives.quiet", "derivatives.refuse"},
    {"derivatives.autodiff", "derivatives.ridders"},
    {"derivatives.complex_step"},
    {"derivatives"},
    {"verdicts"},
    {"networks", "functions"},
    {"__init__"},
]
# What may name autodiff there: its own file; what carries a caller's backward on to
# complex numbers; what runs a custom_vjp's rule, which is the thing under test.
NAMES_AUTODIFF = {
    "derivatives.autodiff",
    "networks.second_order",
    "functions.vjp",
}
AUTODIFF = {
    *("grad", "value_and_grad", "vjp", "jvp", "linearize", "linear_transpose"),
    *("jacobian", "jacfwd", "jacrev", "hessian", "checkpoint"),
    *("custom_jvp", "custom_vjp", "custom_gradient"),
}


@functools.cache
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


@functools.cache
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


def test_imports_point_down():
    found = {module: upward(module, source) for module, source in sources().items()}
    assert {module: targets for module, targets in found.items() if targets} == {}


def test_imports_make_no_circle():
    graph = {name: imports(source) - {name} for name, source in sources().items()}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(graph)


def test_the_core_derives_by_hand():
    core = set().union(*FLOORS[: FLOORS.index({"verification"})])
    found = {
        module: derivatives(source)
        for module, source in sources().items()
        if room(module) in core
    }
    assert len(found) > 30
    # What hands the backward to autodiff may say so.
    assert {module: names for module, names in found.items() if names} == {
        "functions": {"custom_vjp"}
    }


def inside_verification() -> dict[str, str]:
    """Its modules, named from its own folder."""
    return {
        name.removeprefix("verification."): source
        for name, source in sources().items()
        if name.startswith("verification.")
    }


def verification_floor(module: str) -> int:
    """On which floor of VERIFICATION a module is."""
    module = module.removesuffix(".__init__")
    floors = {name: i for i, names in enumerate(VERIFICATION) for name in names}
    known = [n for n in floors if module == n or module.startswith(f"{n}.")]
    return floors[max(known, key=len)]


def within_verification(source: str) -> set[str]:
    """What a source imports from verification, named from its own folder."""
    return {
        target.removeprefix("verification.")
        for target in imports(source)
        if target.startswith("verification.")
    }


def test_the_floors_of_verification():
    core = set().union(*FLOORS[: FLOORS.index({"training"})]) | {"verification"}
    for module, source in inside_verification().items():
        assert {room(target) for target in imports(source)} <= core, module
        floor, targets = verification_floor(module), within_verification(source)
        above = {each for each in targets if verification_floor(each) > floor}
        assert above == set(), module
        other = {"networks": "functions.", "functions": "networks."}.get(room(module))
        assert other is None or not any(t.startswith(other) for t in targets), module


def test_who_may_ask_autodiff():
    sources = inside_verification().items()
    assert {m for m, source in sources if derivatives(source)} <= NAMES_AUTODIFF


@pytest.mark.parametrize("module", ["complex_step", "ridders", "directional", "along"])
def test_the_second_witness_knows_nothing_of_the_first(module):
    source = inside_verification()[f"derivatives.{module}"]
    assert "derivatives.autodiff" not in within_verification(source)


def test_the_rules_can_be_broken():
    assert upward("linear", "from jaxdnn.training import fit") == {"training.fit"}
    assert upward("linear", "def f():\n    import jaxdnn.cli") == {"cli"}
    assert upward("training.types", "import jaxdnn.training.fit") == {"training.fit"}
    assert upward("training", "from jaxdnn.linear import linear_forward") == set()
    assert derivatives("import jax\njax.grad(f)") == {"grad"}
    assert derivatives("from jax import vjp") == {"vjp"}
    assert derivatives("grads = backward(x)") == set()


@pytest.mark.slow
def test_importing_touches_nothing():
    program = (
        "import os; before = dict(os.environ)\n"
        "import sys, jax; from jax._src import xla_bridge\n"
        "import jaxdnn, jaxdnn.cli, jaxdnn.data, jaxdnn.models, jaxdnn.plots\n"
        "import jaxdnn.export, jaxdnn.interop\n"
        "assert not xla_bridge.backends_are_initialized()\n"
        "assert not jax.config.jax_enable_x64\n"
        "assert dict(os.environ) == before\n"
        "heavy = {'optax', 'sklearn', 'matplotlib', 'pandas', 'tqdm', 'h5py'}\n"
        "heavy |= {'onnx', 'onnxruntime', 'equinox', 'flax'}\n"
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


ROOT = PACKAGE.parent
# Tables of data, which may be long.
TABLES = {"jaxdnn/verification/networks/mutations.py"}


def offences(path: str, source: str) -> set[str]:
    """What is too long, takes too much, or hides which argument is which."""
    found = set()
    if path not in TABLES and source.count("\n") > 400:
        found.add(f"{path}: over 400 lines")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            splats = [a.value for a in node.args if isinstance(a, ast.Starred)]
            if any(isinstance(value, ast.Tuple) for value in splats):
                found.add(f"{path}:{node.lineno}: a tuple splatted into a call")
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[ast.get_docstring(node) is not None :]
        if body and body[-1].end_lineno - body[0].lineno + 1 > 60:
            found.add(f"{path}: {node.name} is over 60 lines")
        arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
        private = node.name.startswith("_") and node.name != "__init__"
        if private and len(arguments) > 8:
            found.add(f"{path}: {node.name} takes over 8 arguments")
    return found


@pytest.mark.slow
def test_nothing_is_too_long():
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for folder in ("jaxdnn", "tests", "scripts")
        for path in (ROOT / folder).rglob("*.py")
    }
    found = set().union(*(offences(path, text) for path, text in texts.items()))
    assert found == set(), "\n".join(sorted(found))


def test_the_lengths_are_measured():
    long = "def f():\n" + '    """Says."""\n' + "    pass\n" * 61
    assert offences("x.py", long) == {"x.py: f is over 60 lines"}
    assert offences("x.py", "pass\n" * 401) == {"x.py: over 400 lines"}
    assert offences("x.py", "f(*(1, 2))") == {"x.py:1: a tuple splatted into a call"}
    many = "def _f(a, b, c, d, e, g, h, i, *, j): pass"
    assert offences("x.py", many) == {"x.py: _f takes over 8 arguments"}
    assert offences("x.py", "def f(a):\n    return g(*a)\n") == set()


def test_the_mathematics_of_a_network_is_one_page_without_checks_or_jit():
    page = sources()["propagation"]
    assert page.count("\n") <= 150
    assert "_checks" not in page
    assert "jax.jit" not in page


def test_type_checkers_see_the_public_names():
    stub = ast.parse((ROOT / "jaxdnn" / "__init__.pyi").read_text())
    seen = {
        (alias.asname, node.module)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(jaxdnn._HOME.items())
