"""What the cells of each notebook call, one after the other, in both editions.

The numbers are the published ones, as far as they were printed.
"""

import operator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from jaxdnn import course

YEARS = [2017, 2021]


def draws(seed):
    """A generator's randn, as the notebooks' test cases use it."""
    return np.random.RandomState(seed).randn


def close(found, published, digits=6):
    np.testing.assert_allclose(found, published, atol=0.6 * 10.0**-digits, rtol=1e-6)


# ---- planar data -------------------------------------------------------------------


@pytest.mark.parametrize("year", YEARS)
def test_planar(year, capsys):
    c = course.edition(year, "planar")
    randn = draws(1)
    assert c.layer_sizes(randn(5, 3), randn(2, 3)) == (5, 4, 2)

    parameters = c.initialize_parameters(3, 5, 2)
    close(parameters["W1"][0], [-0.00416758, -0.00056267, -0.02136196], 8)
    close(parameters["W2"][1, 4], -0.00338822, 8)
    assert {type(array) for array in parameters.values()} == {np.ndarray}

    randn = draws(1)
    X, b1 = randn(2, 3), randn(4, 1)
    W1 = c.initialize_parameters(2, 4, 1)["W1"]
    W2 = np.array([[-0.01057952, -0.00909008, 0.00551454, 0.02292208]])
    parameters = {"W1": W1, "W2": W2, "b1": b1, "b2": np.array([[-1.3]])}
    A2, cache = c.forward_propagation(X, parameters)
    close(A2, [[0.21292656, 0.21274673, 0.21295976]], 8)
    assert set(cache) == {"Z1", "A1", "Z2", "A2"}

    A2 = np.array([[0.5002307, 0.49985831, 0.50023963, 0.25, 0.7]])
    J = c.compute_cost(A2, draws(1)(1, 5) > 0)
    assert type(J) is float
    close(J, 0.5447066599017815, 12)

    trained = c.nn_model(X, X[:1] > 0, 4, num_iterations=3, print_cost=True)
    assert capsys.readouterr().out.startswith("Cost after iteration 0: 0.69")
    close(trained["W1"], c.nn_model(X, X[0] > 0, 4, 3)["W1"], 12)

    said = c.predict(parameters, X)
    assert said.dtype == {2017: np.int64, 2021: np.bool_}[year]
    assert said.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("year", YEARS)
def test_the_planar_backward_reads_a1_and_a2_and_nothing_else(year):
    randn = draws(1)
    X, Y = randn(3, 7), randn(1, 7) > 0
    parameters = {"W1": randn(9, 3), "W2": randn(1, 9)}
    parameters |= {"b1": np.zeros((9, 1)), "b2": np.zeros((1, 1))}
    cache = {"A1": randn(9, 7), "A2": randn(1, 7), "Z1": randn(7, 9)}
    grads = course.edition(year).backward_propagation(parameters, cache, X, Y)
    assert set(grads) == {"dW1", "db1", "dW2", "db2"}
    close(grads["dW1"][0], [-0.24468458, -0.24371232, 0.15959609], 8)
    close(grads["db1"][8], [-0.13443244], 8)
    close(grads["db2"], [[-0.78032466]], 8)
    del cache["Z1"]
    again = course.backward_propagation(parameters, cache, X, Y)
    np.testing.assert_array_equal(again["dW1"], grads["dW1"])


def test_nn_model_trains_on_the_notebooks_test_case():
    randn = draws(1)
    X, normal = randn(2, 3), randn(1, 3)
    with course.edition(2017):
        parameters = course.nn_model(X, normal, 4, num_iterations=10000)
        labelled = course.nn_model(X, normal > 0, 4)
    close(parameters["W1"][0], [-4.18494056, 5.33220609], 3)
    close(parameters["W2"][0, 0], -6033.83672146, 1)
    close(labelled["W1"][0], [-0.65848169, 1.21866811], 8)
    close(labelled["b2"], [[0.20459656]], 8)
    later = course.nn_model(X, normal > 0, 4)
    close(later["W1"][0], [0.56305445, -1.03925886], 8)
    close(later["W2"], [[1.82196893, 3.09657075, -2.98193564, 3.19946508]], 8)


def loaded_labels():
    """The labels of every loader that needs no file."""
    yield course.load_planar_dataset()[1]
    yield from (Y.reshape(1, 200) for _, Y in course.load_extra_datasets()[:4])
    yield from course.load_dataset()[1::2]


def test_one_number_is_a_number_whatever_its_shape():
    for Y in loaded_labels():
        right = np.dot(Y % 2, Y.T) + np.dot(1 - Y, 1 - Y.T)
        percent = right / Y.size * 100
        assert right.shape == (1, 1)
        assert (float(percent), int(percent)) == (100.0, 100)
        assert operator.mod("Accuracy: %d", percent) == "Accuracy: 100"
        assert repr(Y) == repr(np.array(Y))


def test_the_accuracy_is_computed_as_in_the_cells():
    X, Y = course.load_planar_dataset()
    predictions = course.predict(course.nn_model(X, Y, 4, 100), X)
    right = np.dot(Y, predictions.T) + np.dot(1 - Y, 1 - predictions.T)
    accuracy = float(right / float(Y.size) * 100)
    assert accuracy == pytest.approx(100 * np.mean(predictions == Y))
    by_logistic_regression = predictions[0]
    right = np.dot(Y, by_logistic_regression) + np.dot(
        1 - Y, 1 - by_logistic_regression
    )
    assert float(right / float(Y.size) * 100) == pytest.approx(accuracy)
    assert type(predictions) is np.ndarray


# ---- step by step, and its application ---------------------------------------------


@pytest.mark.parametrize("year", YEARS)
def test_step_by_step(year):
    c = course.edition(year, "step by step")
    parameters = c.initialize_parameters(3, 2, 1)
    close(parameters["W1"][0], [0.01624345, -0.00611756, -0.00528172], 8)
    deep = c.initialize_parameters_deep([5, 4, 3])
    close(deep["W2"][0], [-0.01185047, -0.0020565, 0.01486148, 0.00236716], 8)

    randn = draws(1)
    A, W, b = randn(3, 2), randn(1, 3), randn(1, 1)
    Z, cache = c.linear_forward(A, W, b)
    close(Z, [[3.26295337, -1.23429987]], 8)
    assert all(kept is given for kept, given in zip(cache, (A, W, b), strict=True))

    randn = draws(2)
    A_prev, W, b = randn(3, 2), randn(1, 3), randn(1, 1)
    A, cache = c.linear_activation_forward(A_prev, W, b, activation="sigmoid")
    close(A, [[0.96890023, 0.11013289]], 8)
    A, cache = c.linear_activation_forward(A_prev, W, b, activation="relu")
    close(A, [[3.43896131, 0.0]], 8)
    assert [len(part) for part in cache] == [3, 1]

    # As the cells of those who write their own do, from the helpers.
    Z, linear_cache = c.linear_forward(A_prev, W, b)
    A, activation_cache = c.relu(Z)
    dZ = c.relu_backward(np.ones((1, 2)), activation_cache)
    assert dZ.tolist() == [[1.0, 0.0]]
    A, activation_cache = c.sigmoid(Z)
    np.testing.assert_array_equal(activation_cache, Z)
    close(c.sigmoid_backward(np.ones((1, 2)), Z), A * (1 - A), 12)
    assert [g.shape for g in c.linear_backward(dZ, linear_cache)] == [
        (3, 2),
        (1, 3),
        (1, 1),
    ]

    randn = draws(6)
    X = randn(5, 4)
    parameters = {}
    for l, (n, n_prev) in enumerate([(4, 5), (3, 4), (1, 3)], start=1):
        parameters |= {f"W{l}": randn(n, n_prev), f"b{l}": randn(n, 1)}
    AL, caches = c.L_model_forward(X, parameters)
    close(AL, [[0.03921668, 0.70498921, 0.19734387, 0.04728177]], 8)
    assert (type(caches), len(caches)) == (list, 3)
    close(
        c.compute_cost(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 0]])), 0.27977656
    )

    randn = draws(2)
    dA, A, W, b, Z = randn(1, 2), randn(3, 2), randn(1, 3), randn(1, 1), randn(1, 2)
    grads = c.linear_activation_backward(dA, ((A, W, b), Z), "sigmoid")
    close(grads[2], [[-0.05729622]], 8)
    grads = c.linear_activation_backward(dA, ((A, W, b), Z), "relu")
    close(grads[1], [[0.44513824, 0.37371418, -0.10478989]], 8)


@pytest.mark.parametrize("year", YEARS)
def test_the_whole_backward_reads_each_cache_as_it_is(year):
    randn = draws(3)
    AL = randn(1, 2)
    # Of no forward: A2 is not the ReLU of Z1, and AL no probability.
    first = (randn(4, 2), randn(3, 4), randn(3, 1)), randn(3, 2)
    second = (randn(3, 2), randn(1, 3), randn(1, 1)), randn(1, 2)
    c = course.edition(year)
    grads = c.L_model_backward(AL, np.array([[1, 0]]), (first, second))
    wanted = {"dA0", "dA1", "dW1", "db1", "dW2", "db2"}
    assert set(grads) == wanted | ({"dA2"} if year == 2017 else set())
    assert list(grads)[:6] == ["dA1", "dW2", "db2", "dA0", "dW1", "db1"]
    close(grads["dA1"][0], [0.12913162, -0.44014127], 8)
    close(grads["dA0"][0], [0.0, 0.52257901], 8)
    close(grads["dW1"][0], [0.41010002, 0.07807203, 0.13798444, 0.10502167], 8)
    if year == 2017:  # what the helpers of the first release print as dA1
        np.testing.assert_array_equal(grads["dA2"], grads["dA1"])
    updated = c.update_parameters(
        {"W1": first[0][1], "b1": first[0][2], "W2": second[0][1], "b2": second[0][2]},
        grads,
        0.1,
    )
    close(updated["W1"], first[0][1] - 0.1 * grads["dW1"], 12)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("name", ["two_layer_model", "L_layer_model"])
def test_application(name, year, capsys):
    c = course.edition(year, "application")
    randn = draws(1)
    X = randn(10, 10)
    if name == "two_layer_model":
        dims, Y, first = (10, 4, 1), randn(1, 10), 0.69315968
        wanted = [0.01624965, -0.00610741, -0.00528734]
    else:
        dims, Y, first = (
            (10, 5, 6, 1),
            np.array([[1, 1, 1, 1, 0, 0, 0, 1, 1, 0]]),
            0.70723944,
        )
        wanted = [0.51384638, -0.19333098, -0.16705238]
    train = getattr(c, name)
    returned = train(X, Y, dims, 0.0075, num_iterations=2, print_cost=False)
    printed = capsys.readouterr().out
    if year == 2017:
        parameters = returned
        assert printed == ""
        assert len(plt.get_fignums()) == 1
    else:
        parameters, costs = returned
        assert printed.startswith("Cost after iteration 1: 0.")
        assert plt.get_fignums() == []
        assert type(costs) is list
        assert [(type(J), J.shape) for J in costs] == [(np.ndarray, ())]
        close(costs[0], first, 8)
        c.plot_costs(costs, 0.0075)
    close(parameters["W1"][0, :3], wanted, 8)
    predictions = c.predict(X, Y > 0, parameters)
    assert capsys.readouterr().out.startswith("Accuracy: ")
    assert set(predictions.ravel()) <= {0, 1}
    own_picture = c.predict(X[:, :1], [1], parameters)
    assert f"y = {np.squeeze(own_picture)}" in {"y = 1.0", "y = 0.0"}
    # A loop of one's own starts where the model does.
    if name == "two_layer_model":
        start = c.initialize_parameters(*dims)
    else:
        start = c.initialize_parameters_deep(dims)
    close(parameters["W1"], start["W1"], 1)
    assert np.abs(parameters["W1"] - start["W1"]).max() < 0.01


def test_what_is_printed_of_the_costs(capsys):
    X, Y = course.load_planar_dataset()
    for year, iterations in [(2017, "0 100"), (2021, "0 100 149")]:
        c, digits = course.edition(year), []
        for train in (c.two_layer_model, c.L_layer_model):
            train(X, Y, (2, 3, 1), 0.1, 150, True)
            lines = capsys.readouterr().out.splitlines()
            numbers = [line.split(":")[0].split()[-1] for line in lines]
            assert " ".join(numbers) == iterations
            digits.append(len(lines[1].split(".")[1]))
        assert digits[0] > 12
        assert digits[1] == 6 if year == 2017 else digits[1] > 12


# ---- initialisation, regularisation, gradient checking -----------------------------


@pytest.mark.parametrize("year", YEARS)
def test_initialization(year, capsys):
    c = course.edition(year, "initialization")
    train_X, train_Y, test_X, _ = c.load_dataset()
    assert c.initialize_parameters_zeros([3, 2, 1])["W1"].tolist() == [[0] * 3] * 2
    close(c.initialize_parameters_random([3, 2, 1])["W1"][0, 0], 17.88628473, 8)
    close(
        c.initialize_parameters_he([3, 1, 2])["W1"],
        [[1.46040903, 0.3564088, 0.07878985]],
        8,
    )
    parameters = c.model(train_X, train_Y, num_iterations=2, initialization="he")
    assert capsys.readouterr().out.startswith(
        "Cost after iteration 0: 0.88305374634197"
    )
    assert c.predict(train_X, train_Y, parameters).shape == (1, 300)
    by_default = c.model(train_X, train_Y, 0.01, 2, False)
    np.testing.assert_array_equal(by_default["W3"], parameters["W3"])
    assert c.predict_dec(parameters, test_X).dtype == np.bool_
    a3, _ = c.forward_propagation(train_X, parameters)
    loss = c.compute_loss(a3, train_Y)
    assert type(loss) is np.float64
    assert c.sigmoid(0.0).tolist() == 0.5
    assert c.relu(np.array([-1.0, 2.0])).tolist() == [0.0, 2.0]


@pytest.mark.parametrize("year", YEARS)
def test_regularization(year):
    c = course.edition(year, "regularization")
    randn = draws(1)
    X = randn(3, 5)
    Y = np.array([[1, 1, 0, 1, 0]])
    randn = draws(1)
    parameters = {}
    for l, (n, n_prev) in enumerate([(2, 3), (3, 2), (1, 3)], start=1):
        parameters |= {f"W{l}": randn(n, n_prev), f"b{l}": randn(n, 1)}
    A3 = np.array([[0.40682402, 0.01629284, 0.16722898, 0.10118111, 0.40682402]])
    J = c.compute_cost_with_regularization(A3, Y, parameters, lambd=0.1)
    assert (type(J), J.shape) == (np.float64, ())
    close(J, 1.7864859451590758, 12)

    keys = ["dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]
    _, cache = c.forward_propagation(X, parameters)
    grads = c.backward_propagation_with_regularization(X, Y, cache, lambd=0.7)
    assert list(grads) == keys
    plain = c.backward_propagation(X, Y, cache)
    close(grads["dW1"] - plain["dW1"], 0.7 / 5 * parameters["W1"], 12)

    A3, cache = c.forward_propagation_with_dropout(X, parameters, keep_prob=0.7)
    assert len(cache) == 14
    assert cache[1].tolist() == [[True, False, True, True, True], [True] * 5]
    grads = c.backward_propagation_with_dropout(X, Y, cache, keep_prob=0.7)
    assert list(grads) == keys
    assert not grads["dA1"][~cache[1]].any()
    close(grads["dZ3"], A3 - Y, 12)
    in_order = c.model(X, Y, 0.3, 2, False, 0.7, 1)
    by_name = c.model(X, Y, 0.3, 2, print_cost=False, lambd=0.7)
    np.testing.assert_array_equal(in_order["W1"], by_name["W1"])


def test_tuple_caches_are_read_as_the_notebooks_read_them():
    randn = draws(1)
    X, Y, A1 = randn(3, 5), np.array([[1, 0, 1, 1, 0]]), randn(2, 5)
    W1, W2, A2 = randn(2, 3), randn(1, 2), randn(1, 5)
    b1, b2 = randn(2, 1), randn(1, 1)
    grads = [
        course.backward_propagation(X, Y, (Z1, A1, W1, b1, Z1[:1], A2, W2, b2))
        for Z1 in (A1, -A1)
    ]
    np.testing.assert_array_equal(grads[0]["dW1"], grads[1]["dW1"])
    dZ1 = (W2.T @ (A2 - Y)) * (A1 > 0)
    np.testing.assert_allclose(grads[0]["dZ1"], dZ1, rtol=1e-13)
    D1 = randn(2, 5) > 0
    for Z1 in (A1, -A1):
        cache = (Z1, D1, A1, W1, b1, Z1[:1], A2, W2, b2)
        dropped = course.backward_propagation_with_dropout(X, Y, cache, 0.5)
        np.testing.assert_allclose(dropped["dZ1"], dZ1 * D1 / 0.5, rtol=1e-13)


@pytest.mark.parametrize("year", YEARS)
def test_gradient_checking(year, capsys):
    c = course.edition(year, "gradient checking")
    assert c.forward_propagation(2, 4) == 8
    assert c.backward_propagation(3, 4) == 3
    difference = c.gradient_check(3, 4)
    assert type(difference) is np.float64
    assert difference == pytest.approx(7.814075313343006e-11, abs=1e-12)
    printed = capsys.readouterr().out
    assert printed == ("The gradient is correct!\n" if year == 2017 else "")
    if year == 2021:
        c.gradient_check(3, 4, print_msg=True)
        assert (
            f"works perfectly fine! difference = {difference}"
            in capsys.readouterr().out
        )

    randn = draws(1)
    X, Y, parameters = randn(4, 3), np.array([1, 1, 0]), {}
    for l, (n, n_prev) in enumerate([(5, 4), (3, 5), (1, 3)], start=1):
        parameters |= {f"W{l}": randn(n, n_prev), f"b{l}": randn(n, 1)}
    J, cache = c.forward_propagation_n(X, Y, parameters)
    assert type(J) is np.float64
    gradients = c.backward_propagation_n(X, Y, cache)
    difference = c.gradient_check_n(parameters, gradients, X, Y)
    assert type(difference) is np.float64
    assert difference == pytest.approx(1.1890913e-07, abs=1e-8)
    assert (capsys.readouterr().out != "") == (year == 2017)
    gradients |= {"dW2": 2 * gradients["dW2"], "db1": 4 * gradients["db1"]}
    difference = c.gradient_check_n(parameters, gradients, X, Y, 1e-7, True)
    assert difference == pytest.approx(0.2850931567761623, abs=1e-8)
    assert "There is a mistake in the backward propagation!" in capsys.readouterr().out
    theta, _ = c.dictionary_to_vector(parameters)
    np.testing.assert_array_equal(c.vector_to_dictionary(theta)["W3"], parameters["W3"])
    assert c.gradients_to_vector(gradients).shape == theta.shape


# ---- saturation --------------------------------------------------------------------


@pytest.mark.parametrize(("z", "y"), [(800.0, 1), (-800.0, 0), (40.0, 1), (40.0, 0)])
def test_a_saturated_loop_goes_on(z, y):
    parameters = {"W1": np.ones((1, 1)), "b1": np.zeros((1, 1))}
    X, Y = np.array([[z, 1.0]]), np.array([[y, 1]])
    AL, caches = course.L_model_forward(X, parameters)
    grads = course.L_model_backward(AL, Y, caches)
    close(grads["dW1"], (AL - Y) @ X.T / 2, 12)
    updated = course.update_parameters(parameters, grads, 0.1)
    assert np.isfinite(updated["W1"]).all()
