"""The data sets: published points, uniform shape, and what is said of bad files."""

from dataclasses import replace

import h5py
import numpy as np
import pytest
import scipy.io
import sklearn.datasets

from jaxdnn.data import datasets
from jaxdnn.data.datasets import DATASETS, IN_FOLDER, load

PLANAR = ("flower", "circles", "noisy_circles", "moons", "blobs", "quantiles")
BUNDLED = ("breast_cancer", "digits", "iris", "wine", "diabetes")


@pytest.fixture
def global_generator():
    """NumPy's global generator, put back afterwards."""
    state = np.random.get_state()
    yield np.random
    np.random.set_state(state)


# ---- one uniform value -------------------------------------------------------------


def check_uniform(data):
    for X, Y in ((data.X, data.Y), (data.X_test, data.Y_test)):
        if X is None and Y is None:
            continue
        assert X.ndim == 2
        assert X.shape[0] == len(data.feature_names)
        assert X.dtype == np.float64
        assert np.isfinite(X).all()
        assert Y.shape == (1, X.shape[1])
        if data.class_names is None:
            assert Y.dtype == np.float64
        else:
            assert Y.dtype == np.int64
            assert np.unique(Y).tolist() == list(range(len(data.class_names)))
    assert len(set(data.feature_names)) == len(data.feature_names)
    for names in (data.feature_names, data.class_names or ()):
        assert all(type(name) is str for name in names)
    if data.image_shape is not None:
        assert np.prod(data.image_shape) == len(data.X)


def test_every_name_of_the_command_line_is_there():
    assert set(DATASETS) == {*PLANAR, *BUNDLED, "football", "cats", "mnist"}
    assert set(IN_FOLDER) == {"football", "cats", "mnist"}


@pytest.mark.parametrize("name", [*PLANAR, *BUNDLED])
def test_made_and_bundled_sets_are_uniform(name):
    data = load(name)
    check_uniform(data)
    assert data.name == name


@pytest.mark.parametrize("name", IN_FOLDER)
def test_sets_from_files_are_uniform(name, data_folder):
    data = load(name, data_folder=data_folder)
    check_uniform(data)
    assert data.name == name


@pytest.mark.parametrize(
    "fault",
    [
        {"X": np.ones((1, 400))},
        {"X": np.ones((2, 400), np.float32)},
        {"X": np.full((2, 400), np.nan)},
        {"Y": np.zeros(400, np.int64)},
        {"Y": np.zeros((1, 400), np.int64)},
        {"Y": np.zeros((1, 400))},
        {"X_test": np.ones((3, 5)), "Y_test": np.array([[0, 1, 0, 1, 0]])},
        {"feature_names": ("x1", "x1")},
        {"class_names": None},
        {"image_shape": (2, 2)},
    ],
)
def test_the_check_of_uniformity_can_fail(fault):
    with pytest.raises(AssertionError):
        check_uniform(replace(load("flower"), **fault))


@pytest.mark.parametrize(
    ("name", "shape", "counts"),
    [
        ("flower", (2, 400), [200, 200]),
        ("circles", (2, 300), [150, 150]),
        ("noisy_circles", (2, 200), [100, 100]),
        ("moons", (2, 200), [100, 100]),
        ("quantiles", (2, 200), [100, 100]),
        ("breast_cancer", (30, 569), [212, 357]),
        ("iris", (4, 150), [50, 50, 50]),
        ("wine", (13, 178), [59, 71, 48]),
    ],
)
def test_sizes(name, shape, counts):
    data = load(name)
    assert data.X.shape == shape
    assert np.bincount(data.Y[0]).tolist() == counts


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_those_of_scikit_learn(name):
    bunch = getattr(sklearn.datasets, f"load_{name}")()
    data = load(name)
    np.testing.assert_array_equal(data.X.T, bunch.data)
    np.testing.assert_array_equal(data.Y[0], bunch.target)
    assert list(data.feature_names) == list(bunch.feature_names)


def test_a_digit_is_a_picture():
    data = load("digits")
    picture = sklearn.datasets.load_digits().images[5]
    np.testing.assert_array_equal(data.X[:, 5].reshape(data.image_shape), picture)


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(
        ValueError, match=r"load: name must be one of 'flower'.*'roses'"
    ):
        load("roses")


def test_a_data_set_cannot_be_changed():
    with pytest.raises(AttributeError):
        load("flower").X = np.zeros((2, 400))


# ---- the published points ----------------------------------------------------------


def test_flower_is_the_published_one(reference):
    inputs = reference["C1W3.planar.n_h=4"]["inputs"]
    X = load("flower").X
    assert X[:, :5].tolist() == inputs["first_5_columns_X"]
    np.testing.assert_allclose(X.mean(axis=1), inputs["X_mean"], rtol=1e-14)
    np.testing.assert_allclose(np.abs(X).sum(), inputs["X_sum_abs"], rtol=1e-14)


def test_circles_are_the_published_ones(reference):
    inputs = reference["C2W1.init.train.he"]["inputs"]
    data = load("circles")
    assert data.X[:, :3].tolist() == inputs["train_first3"]
    assert data.Y[0, :10].tolist() == inputs["train_labels_first10"]
    assert data.X_test[:, :3].tolist() == inputs["test_first3"]
    assert data.X_test.shape == (2, 100)


def test_circles_are_what_the_course_draws_from_the_global_generator(global_generator):
    data = load("circles")
    for seed, n, X, Y in ((1, 300, data.X, data.Y), (2, 100, data.X_test, data.Y_test)):
        global_generator.seed(seed)
        points, labels = sklearn.datasets.make_circles(n_samples=n, noise=0.05)
        np.testing.assert_array_equal(X.T, points)
        np.testing.assert_array_equal(Y[0], labels)


@pytest.mark.parametrize("seed", [1, 7])
def test_extra_sets_are_what_the_course_draws(seed, global_generator):
    made = sklearn.datasets
    global_generator.seed(seed)
    wanted = {
        "noisy_circles": made.make_circles(n_samples=200, factor=0.5, noise=0.3),
        "moons": made.make_moons(n_samples=200, noise=0.2),
        "blobs": made.make_blobs(
            n_samples=200, random_state=5, n_features=2, centers=6
        ),
        "quantiles": made.make_gaussian_quantiles(
            mean=None, cov=0.5, n_samples=200, n_features=2, n_classes=2
        ),
        "no_structure": (
            global_generator.rand(200, 2),
            global_generator.rand(200, 2),
        ),
    }
    found = datasets.extra_datasets(np.random.RandomState(seed))
    assert list(found) == list(wanted)
    for name, (points, target) in wanted.items():
        assert found[name].name == name
        np.testing.assert_array_equal(found[name].X.T, points)
        if name == "no_structure":
            np.testing.assert_array_equal(found[name].Y.T, target)
        else:
            labels = target % 2 if name == "blobs" else target
            np.testing.assert_array_equal(found[name].Y[0], labels)


def test_a_name_gives_the_extra_set_of_seed_one():
    found = datasets.extra_datasets(np.random.RandomState(1))
    for name in ("noisy_circles", "moons", "blobs", "quantiles"):
        np.testing.assert_array_equal(load(name).X, found[name].X)
        np.testing.assert_array_equal(load(name).Y, found[name].Y)


def test_the_global_generator_is_left_alone(global_generator):
    global_generator.seed(0)
    _, keys, *where = global_generator.get_state()
    for name in (*PLANAR, *BUNDLED):
        load(name)
    _, keys_after, *where_after = global_generator.get_state()
    np.testing.assert_array_equal(keys, keys_after)
    assert where == where_after


def test_football_is_the_published_file(data_folder):
    data = load("football", data_folder=data_folder)
    file = scipy.io.loadmat(data_folder / "data.mat")
    assert (data.X.shape, data.X_test.shape) == ((2, 211), (2, 200))
    np.testing.assert_array_equal(data.X.T, file["X"])
    np.testing.assert_array_equal(data.Y.T, file["y"])
    np.testing.assert_array_equal(data.X_test.T, file["Xval"])
    np.testing.assert_array_equal(data.Y_test.T, file["yval"])


def test_cats_are_the_published_pictures(data_folder):
    data = load("cats", data_folder=data_folder)
    assert (data.X.shape, data.X_test.shape) == ((12288, 209), (12288, 50))
    assert (data.Y.sum(), data.Y_test.sum()) == (72, 33)
    assert data.class_names == ("non-cat", "cat")
    with h5py.File(data_folder / "test_catvnoncat.h5") as file:
        pixels = np.rint(255 * data.X_test.T).reshape(-1, *data.image_shape)
        np.testing.assert_array_equal(pixels, file["test_set_x"][...])
        np.testing.assert_array_equal(data.Y_test[0], file["test_set_y"][...])
    assert data.X_test.max() == 1


def test_mnist_is_the_published_digits(data_folder):
    data = load("mnist", data_folder=data_folder)
    assert data.X.shape == (784, 10000)
    assert data.Y[0, :5].tolist() == [7, 2, 1, 0, 4]
    assert (data.X.min(), data.X.max()) == (0, 1)
    assert data.image_shape == (28, 28)


# ---- files: small ones made here ---------------------------------------------------
