"""Is the wheel what was meant? `make build` runs this where nothing but the wheel is.

    check_wheel.py DIST: a folder with one wheel and one sdist

Name, version, entry points, and that the files are those that git knows: none missing,
none stray. Then the installed package trains, verifies, and answers from the shell.
"""

import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from importlib.metadata import entry_points, version
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
# What the sdist has besides what pyproject.toml names.
OF_THE_BACKEND = {"PKG-INFO"}
NAME = "jaxdnn"


def tracked(*folders):
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", *folders],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(listed.stdout.splitlines())


def check_wheel(path, release):
    """The package's files and its metadata, no more."""
    assert path.name == f"{NAME}-{release}-py3-none-any.whl", path.name
    info = f"{NAME}-{release}.dist-info/"
    with zipfile.ZipFile(path) as wheel:
        files = set(wheel.namelist())
        metadata = message_from_bytes(wheel.read(f"{info}METADATA"))
    found = metadata["Name"], metadata["Version"]
    assert found == (NAME, release), found
    package = {file for file in files if not file.startswith(info)}
    assert package == tracked(NAME), package ^ tracked(NAME)
    assert f"{NAME}/py.typed" in package
    extra = {PurePosixPath(file).name for file in files - package}
    wanted = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "LICENSE"}
    assert extra == wanted, extra ^ wanted


def check_sdist(path, release):
    """Nothing that git does not know, and all that a test needs."""
    top = f"{NAME}-{release}/"
    assert path.name == f"{NAME}-{release}.tar.gz", path.name
    with tarfile.open(path) as sdist:
        files = {file.removeprefix(top) for file in sdist.getnames()}
    stray = files - tracked() - OF_THE_BACKEND
    assert not stray, stray
    missing = tracked("jaxdnn", "tests", "docs", "README.md", "LICENSE") - files
    assert not missing, missing


def check_installed(release):
    """Imported from where it was installed, it does what it says."""
    import jax

    import jaxdnn as dnn

    assert Path(dnn.__file__).is_relative_to(sys.prefix), dnn.__file__
    assert version(NAME) == dnn.__version__ == release
    assert NAME in {point.name for point in entry_points(group="console_scripts")}
    assert NAME in {point.name for point in entry_points(group="pytest11")}
    network = dnn.Network((2, 4, 1), hidden="tanh")
    X = jax.random.normal(jax.random.key(0), (2, 20))
    Y = (X[:1] > 0).astype(float)
    result = dnn.fit(network, X, Y, key=jax.random.key(1), epochs=20)
    assert dnn.verify(network, result.params, X, Y).ok
    shell = Path(sys.executable).parent / "jaxdnn"
    subprocess.run([shell, "train", "--help"], check=True, capture_output=True)


def main(dist):
    (wheel,), (sdist,) = Path(dist).glob("*.whl"), Path(dist).glob("*.tar.gz")
    _, release, *_ = wheel.name.split("-")
    check_wheel(wheel, release)
    check_sdist(sdist, release)
    check_installed(release)
    print(f"{wheel.name}, {sdist.name}: as meant")


if __name__ == "__main__":
    main(sys.argv[1])
