"""Parameters to and from a state_dict of PyTorch, which is not needed for it."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import jaxdnn as dnn
from jaxdnn.interop import from_torch, load_torch, save_torch, to_torch
from tests.interop.examples import X, parameters, same

NETWORK = dnn.Network((3, *[4] * 6, 2), "relu", "identity")


def test_a_sequential_says_the_same():
    params = parameters(NETWORK)
    arrays = to_torch(params)
    assert list(arrays)[-2:] == ["12.weight", "12.bias"]
    A = X.T
    for l in range(0, 14, 2):  # as nn.Linear does: x Wᵀ + b
        A = A @ arrays[f"{l}.weight"].T + arrays[f"{l}.bias"]
        A = np.maximum(A, 0) if l < 12 else A
    np.testing.assert_allclose(A.T, dnn.predict(NETWORK, params, X), rtol=1e-5)
    same(from_torch(arrays), params)


def test_a_file_of_safetensors(tmp_path):
    params, path = parameters(NETWORK), tmp_path / "x.safetensors"
    save_torch(path, params)
    assert load_file(path)["0.weight"].shape == (4, 3)
    same(load_torch(path), params)
    names = [f"part{l}" for l in range(7)]
    save_torch(path, params, layers=names)
    assert set(load_file(path)) == {
        f"{n}.{of}" for n in names for of in ("weight", "bias")
    }
    same(load_torch(path, layers=names), params)


def test_pytorch_itself():
    torch = pytest.importorskip("torch")
    network = dnn.Network((3, 4, 2), "tanh", "identity")
    params = parameters(network)
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)
    )
    arrays = {n: torch.from_numpy(array) for n, array in to_torch(params).items()}
    module.load_state_dict(arrays)
    said = module(torch.from_numpy(X.T.copy())).detach().numpy()
    np.testing.assert_allclose(said.T, dnn.predict(network, params, X), rtol=1e-5)
    same(from_torch(module.state_dict()), params)


def test_what_is_refused(tmp_path):
    params = parameters(dnn.Network((3, 4, 2)))
    arrays = to_torch(params)
    with pytest.raises(
        ValueError, match=r"^to_torch: layers must be 2 names, one for e"
    ):
        to_torch(params, layers=["fc"])
    with pytest.raises(
        TypeError, match=r"^from_torch: state_dict must be a dictionary"
    ):
        from_torch([arrays])
    with pytest.raises(ValueError, match=r"^from_torch: layer 2 must have biases"):
        from_torch({n: a for n, a in arrays.items() if n != "2.bias"})
    with pytest.raises(
        ValueError, match=r"^from_torch: W2 must have shape \(5, 2\)|W2"
    ):
        from_torch(arrays, layers=("2", "0"))
    save_file({"x": np.ones(1)}, tmp_path / "x")
    with pytest.raises(ValueError, match=r"^load_torch: keys must be W1, b1"):
        load_torch(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        load_torch(tmp_path / "y")
