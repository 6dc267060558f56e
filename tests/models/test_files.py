"""Model files come back as they were, or not at all."""

import io
import json
import os
import pickle
import re
from functools import partial
from itertools import cycle, pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from jaxdnn import ACTIVATIONS, Activation, Layer, Network
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Reading
from jaxdnn.interop import to_torch
from jaxdnn.models import files, inspect_rows
from jaxdnn.models.files import load_model, save_model
from jaxdnn.models.model import Model
from jaxdnn.testing import check_grads

COLUMNS = Preprocessing(
    (
        Numbers("Größe, cm", 1 / 3, 5e-324),
        Numbers("constant", -1e300, 0.0),
        Categories("kind", ("", '"quoted"\n', "猫")),
    ),
    (Categories("class", ("0", "1", "3+")),),
    missing="median",
    left_out=("id",),
    reading=Reading(missing=("-",), delimiter=";", decimal=","),
)


def make_model(dtype=jnp.float32, hidden=("tanh", "gelu")):
    network = Network((5, *(4,) * len(hidden), 3), hidden=hidden, output="softmax")
    rng = np.random.default_rng(0)
    params = tuple(
        Layer(rng.normal(size=(n, n_prev)).astype(dtype), np.ones((n, 1), dtype))
        for n_prev, n in pairwise(network.layer_dims)
    )
    return Model(network, params, COLUMNS)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m"
    save_model(path, make_model())
    return path.read_bytes()


def refusal(tmp_path, content):
    """What load_model says of a file with that content."""
    path = tmp_path / "m"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as caught:
        load_model(path)
    return str(caught.value).removeprefix(f"{path}: ")


# ---- there and back ----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.float32, jnp.float64])
def test_a_model_comes_back_bit_for_bit(tmp_path, dtype):
    with jax.enable_x64(True):
        model = make_model(dtype)
        save_model(tmp_path / "m", model)
        found = load_model(tmp_path / "m")
    assert found.network == model.network
    assert found.preprocessing == model.preprocessing
    for (W, b), (W0, b0) in zip(found.params, model.params, strict=True):
        assert W.dtype == W0.dtype == dtype
        assert np.asarray(W).tobytes() == np.asarray(W0).tobytes()
        assert np.asarray(b).tobytes() == np.asarray(b0).tobytes()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_comes_back(tmp_path, name):
    save_model(tmp_path / "m", make_model(hidden=(name,)))
    assert load_model(tmp_path / "m").network.hidden == (name,)


def test_one_of_the_activations_given_as_an_object_is_saved_by_its_name(tmp_path):
    save_model(tmp_path / "m", make_model(hidden=(ACTIVATIONS["silu"],)))
    assert load_model(tmp_path / "m").network.hidden == ("silu",)


def test_the_same_model_makes_the_same_file(tmp_path, content):
    save_model(tmp_path / "again", make_model())
    assert (tmp_path / "again").read_bytes() == content


def test_any_safetensors_reader_can_read_it(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    arrays = load_file(tmp_path / "m")
    assert sorted(arrays) == ["W1", "W2", "W3", "b1", "b2", "b3"]
    np.testing.assert_array_equal(arrays["W1"], make_model().params[0].W)


def test_the_header_is_json_that_says_it_all(content):
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8:end])["__metadata__"]["jaxdnn"])
    assert header["format"] == "jaxdnn model"
    assert header["network"]["layer_dims"] == [5, 4, 4, 3]
    assert header["preprocessing"]["targets"][0]["categories"] == ["0", "1", "3+"]
    assert set(header["versions"]) == {"jaxdnn", "jax"}


# ---- what cannot be saved ----------------------------------------------------------


def own_relu(Z):
    return jnp.maximum(Z, 0)


UNSAVABLE = {
    "an activation of one's own": (
        make_model(hidden=(Activation("mine", own_relu, lambda dA, Z: dA),)),
        "activation 'mine' is a function of your own",
    ),
    "one that borrows a name": (
        make_model(hidden=(Activation("relu", own_relu, lambda dA, Z: dA),)),
        "activation 'relu' is a function of your own",
    ),
    "another network's parameters": (
        Model(make_model().network, make_model(hidden=("relu",)).params, COLUMNS),
        "params must have 3 layers",
    ),
    "bfloat16": (make_model(jnp.bfloat16), "W1 must be float16, .* got bfloat16"),
}


@pytest.mark.parametrize("case", UNSAVABLE)
def test_what_a_file_cannot_hold_is_refused_and_the_old_file_kept(tmp_path, case):
    model, message = UNSAVABLE[case]
    (tmp_path / "m").write_bytes(b"old")
    with pytest.raises(ValueError, match=message):
        save_model(tmp_path / "m", model)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m").read_bytes() == b"old"


# ---- what is refused ---------------------------------------------------------------


def test_every_truncation_is_refused(tmp_path, content):
    for length in range(len(content)):
        message = refusal(tmp_path, content[:length])
        assert message.startswith(("not a jaxdnn file, or only the begin", "damaged"))


@pytest.mark.slow
def test_every_altered_byte_is_refused(tmp_path, content):
    for i, flip in zip(range(len(content)), cycle([0x01, 0x10, 0xFF]), strict=False):
        refusal(tmp_path, content[:i] + bytes([content[i] ^ flip]) + content[i + 1 :])


@pytest.mark.parametrize("tail", [b"\0", b"more"])
def test_an_appended_byte_is_refused(tmp_path, content, tail):
    assert refusal(tmp_path, content + tail).startswith("damaged")


def test_altered_names_are_refused_though_the_tensors_are_whole(tmp_path, content):
    altered = content.replace(b"kind", b"kine")
    assert altered != content
    assert refusal(tmp_path, altered).startswith("damaged")


def npz():
    file = io.BytesIO()
    np.savez(file, X=np.zeros(3))
    return file.getvalue()


def safetensors(tmp_path, metadata):
    save_file({"W1": np.zeros((1, 2))}, tmp_path / "other", metadata)
    return (tmp_path / "other").read_bytes()


FOREIGN = {
    "empty": lambda _: b"",
    "zeros": lambda _: bytes(100),
    "text": lambda _: b"x,y\n1,2\n" * 100,
    "json": lambda _: b"\x02" + bytes(7) + b"[]",
    "nested": lambda _: (2000).to_bytes(8, "little") + b"[" * 2000,
    "npz": lambda _: npz(),
    "pickle": lambda _: pickle.dumps({"W1": 1}),
    "safetensors": lambda tmp_path: safetensors(tmp_path, None),
    "safetensors with metadata": lambda p: safetensors(p, {"format": "pt"}),
    "strange metadata": lambda p: safetensors(p, {"jaxdnn": "[1]"}),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_files_of_others_are_refused(tmp_path, case):
    message = refusal(tmp_path, FOREIGN[case](tmp_path))
    assert message == "not a jaxdnn file, or only the beginning of one"


def without(said, *path):
    """What the header says, but for one entry."""
    inner = said
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]


def put(said, value, *path):
    inner = said
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value


COLUMN = ("preprocessing", "columns", 0)
FORGED = {
    "no network": lambda s, _: without(s, "network"),
    "no preprocessing": lambda s, _: without(s, "preprocessing"),
    "a list for a dictionary": lambda s, _: put(s, [1], "network"),
    "an unknown key": lambda s, _: put(s, 1, "network", "depth"),
    "no activation": lambda s, _: put(s, None, "network", "hidden"),
    "an unknown kind": lambda s, _: put(s, "colours", *COLUMN, "kind"),
    "a mean of text": lambda s, _: put(s, "0", *COLUMN, "mean"),
    "no deviation": lambda s, _: without(s, *COLUMN, "deviation"),
    "a negative deviation": lambda s, _: put(s, -1.0, *COLUMN, "deviation"),
    "an unknown layout": lambda s, _: put(
        s, {"kind": "dates", "name": "d", "layout": "x"}, *COLUMN
    ),
    "an unknown rule for gaps": lambda s, _: put(s, "x", "preprocessing", "missing"),
    "lists of names": lambda s, _: put(s, [[1]], "preprocessing", "left_out"),
    "a number among words": lambda s, _: put(
        s, [1], "preprocessing", "reading", "missing"
    ),
    "a number for a sign": lambda s, _: put(
        s, 1, "preprocessing", "reading", "decimal"
    ),
    "a megabyte": lambda s, _: put(s, "x" * (1 << 20), *COLUMN, "mean"),
    "equal classes": lambda s, _: put(
        s, ["0", "0", "3+"], "preprocessing", "targets", 0, "categories"
    ),
    "more classes than outputs": lambda s, _: put(
        s, ["0", "1", "2", "3"], "preprocessing", "targets", 0, "categories"
    ),
    "another head": lambda s, _: put(s, "identity", "network", "output"),
    "other sizes": lambda s, _: put(s, [5, 4, 4, 4, 3], "network", "layer_dims"),
    "a column less": lambda s, _: without(s, *COLUMN),
    "NaN": lambda _, arrays: arrays["W1"].fill(np.nan),
    "integers": lambda _, arrays: arrays.update(W1=np.int32(arrays["W1"])),
    "a layer less": lambda _, arrays: arrays.pop("b3"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_is_right_by_its_hash_alone_is_refused(tmp_path, content, case):
    arrays, said = files.unpack("model", content)
    arrays = {name: np.array(array) for name, array in arrays.items()}
    FORGED[case](said, arrays)
    said = {name: said[name] for name in ("network", "preprocessing") if name in said}
    assert len(refusal(tmp_path, files.pack("model", arrays, said))) < 500


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe: not a file"):
        load_model(tmp_path / "pipe")


def test_a_newer_version_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "FORMAT_VERSION", files.FORMAT_VERSION + 1)
    save_model(tmp_path / "m", make_model())
    monkeypatch.undo()
    message = refusal(tmp_path, (tmp_path / "m").read_bytes())
    assert message.startswith(f"written in version {files.FORMAT_VERSION + 1} of its f")
    assert message.endswith(f"reads version {files.FORMAT_VERSION}")


def test_another_kind_of_file_says_so(tmp_path):
    content = files.pack("checkpoint", {"W1": np.zeros(2)}, {})
    message = refusal(tmp_path, content)
    assert message == "a jaxdnn checkpoint file, not a jaxdnn model"


def test_a_pickle_is_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    refusal(tmp_path, pickle.dumps(Trap()))
    assert not (tmp_path / "sprung").exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_model(tmp_path / "nowhere")


def test_parameters_come_back_however_they_lay_in_memory(tmp_path):
    network = Network((2, 3, 3, 1))
    rng = np.random.default_rng(0)
    normal = partial(rng.standard_normal, dtype=np.float32)
    first = Layer(np.asfortranarray(normal((3, 2))), normal((3, 1)))
    second = Layer(normal((3, 6))[:, ::2], normal((3, 1)))
    params = (first, second, Layer(normal((1, 3)), normal((1, 1))))
    columns = (Numbers("p", 0.0, 1.0), Numbers("q", 0.0, 1.0))
    model = Model(
        network, params, Preprocessing(columns, (Categories("y", ("0", "1")),))
    )
    save_model(tmp_path / "m", model)
    found = load_model(tmp_path / "m").params
    assert found[0].W.tolist() == first.W.tolist()
    assert found[1].W.tolist() == second.W.tolist()


def test_what_could_not_be_read_again_is_not_written():
    with pytest.raises(ValueError, match="W1 is bfloat16"):
        files.pack("checkpoint", {"W1": jnp.ones(2, jnp.bfloat16)}, {})


@pytest.mark.parametrize(
    ("says", "call"),
    [
        ("load_model: path", lambda _: load_model(3)),
        ("save_model: path", lambda model: save_model(None, model)),
        ("save_model: model", lambda _: save_model("m", {})),
        ("Model.predict: rows", lambda model: model.predict(3)),
        ("Model.evaluate: rows", lambda model: model.evaluate([3])),
        ("inspect_rows: model", lambda _: inspect_rows(None, [])),
        ("inspect_rows: tables", lambda model: inspect_rows(model, ["t.csv"])),
        ("to_torch: layers", lambda model: to_torch(model.params, layers=3)),
        ("check_grads: f", lambda _: check_grads(None, (0.5,), 1)),
    ],
)
def test_what_is_no_model_no_table_and_no_name_is_told(says, call):
    with pytest.raises(TypeError, match=f"^{says} must be "):
        call(make_model())
