"""NPZ: X and y, or refused with what and where."""

import numpy as np
import pytest

from jaxdnn.data.tables import read_in_pieces, read_table


def columns(table):
    return {name: cells.tolist() for name, cells in table.columns.items()}


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "t.npz", **arrays)
    return tmp_path / "t.npz"


@pytest.mark.parametrize(
    ("y", "wanted"),
    [
        (np.int8([3, 4]), [3.0, 4.0]),
        (np.float32([0.5, 1]), [0.5, 1.0]),
        (np.array(["no", "yes"]), ["no", "yes"]),
        (np.array([True, False]), ["True", "False"]),
    ],
)
def test_npz_is_read(tmp_path, y, wanted):
    table = read_table(npz(tmp_path, X=np.int16([[1, 2, 3], [4, 5, 6]]), y=y, z=1))
    inputs = {"x1": [1.0, 4.0], "x2": [2.0, 5.0], "x3": [3.0, 6.0]}
    assert columns(table) == {**inputs, "y": wanted}


def test_npz_may_have_no_y(tmp_path):
    assert columns(read_table(npz(tmp_path, X=np.eye(1)))) == {"x1": [1.0]}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.eye(2), "Y": 1}, "no array X in it; it has x, Y"),
        ({"X": np.zeros(3)}, r"X must be numbers of shape \(m, n_x\), found .* \(3,\)"),
        ({"X": np.array([["a"]])}, "X must be numbers .* found <U1"),
        ({"X": np.array([[None]])}, "allow_pickle=False"),
        ({"X": np.eye(2), "y": np.zeros(3)}, r"y must be .* shape \(2,\).* \(3,\)"),
        ({"X": np.eye(2), "y": np.zeros((2, 1))}, r"y must be .* \(2, 1\)"),
        ({"X": np.eye(2), "y": np.array([1j, 2])}, "y must be .* complex"),
        ({"X": np.zeros((0, 2))}, "no rows"),
        ({"X": np.eye(2), "Y": np.zeros(2)}, "no array y in it, but Y: call it y"),
        ({"X": np.eye(2), "labels": np.zeros(2)}, "no array y in it, but labels"),
        (
            {"X": np.array([[2**53 + 1]])},
            r"X\[0, 0\] is 9007199254740993, which float64",
        ),
    ],
)
def test_bad_npz_is_refused(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message):
        read_table(npz(tmp_path, **arrays))


def test_a_damaged_npz_file_is_refused(tmp_path):
    path = npz(tmp_path, X=np.arange(1000.0)[:, None])
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + b"\xaa\x55" + content[middle + 2 :]
    for damaged in (b"", b"PK", content[:-9], content[50:-50], flipped):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"t\.npz: "):
            read_table(path)


def test_an_npz_file_can_only_be_read_whole(tmp_path):
    with pytest.raises(ValueError, match=r"t\.npz: can only be read whole"):
        list(read_in_pieces(npz(tmp_path, X=np.eye(2))))


def test_words_that_say_missing_do_in_npz_too(tmp_path):
    path = npz(tmp_path, X=np.eye(3), y=np.array(["f", "NA", " m "]))
    assert columns(read_table(path))["y"] == ["f", "", "m"]
