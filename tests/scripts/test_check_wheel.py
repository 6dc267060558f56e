"""A wheel with a file too many, one too few, or another version is refused."""

import zipfile

import pytest

from scripts import check_wheel

INFO = "jaxdnn-1.2.dist-info"
METADATA = "Metadata-Version: 2.4\nName: jaxdnn\nVersion: {}\n"
EXTRA = ("WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")


def wheel(folder, files, version="1.2"):
    path = folder / "jaxdnn-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for name in (*files, *(f"{INFO}/{name}" for name in EXTRA)):
            file.writestr(name, "")
        file.writestr(f"{INFO}/METADATA", METADATA.format(version))
    return path


@pytest.fixture
def files(monkeypatch):
    names = {"jaxdnn/__init__.py", "jaxdnn/py.typed", "jaxdnn/page.html"}
    monkeypatch.setattr(check_wheel, "tracked", lambda *_: names)
    return names


def test_what_git_knows_passes(files, tmp_path):
    check_wheel.check_wheel(wheel(tmp_path, files), "1.2")


@pytest.mark.parametrize("stray", ["jaxdnn/old.py", "tests/test_x.py"])
def test_a_stray_file_is_refused(stray, files, tmp_path):
    with pytest.raises(AssertionError, match=stray):
        check_wheel.check_wheel(wheel(tmp_path, files | {stray}), "1.2")


@pytest.mark.parametrize("lost", ["jaxdnn/py.typed", "jaxdnn/page.html"])
def test_a_missing_file_is_refused(lost, files, tmp_path):
    with pytest.raises(AssertionError, match=lost):
        check_wheel.check_wheel(wheel(tmp_path, files - {lost}), "1.2")


def test_another_version_is_refused(files, tmp_path):
    with pytest.raises(AssertionError, match=r"1\.3"):
        check_wheel.check_wheel(wheel(tmp_path, files, "1.3"), "1.2")
