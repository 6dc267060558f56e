"""Sparse rows: the model that dense ones make, and what is multiplied for it."""

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.9")

import optax
from scipy.sparse import csr_array

from tests.sklearn.examples import LABELS, X, small

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class NeverDense(csr_array):
    def toarray(self, *_, **__):
        raise AssertionError("sparse rows were made dense")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("solver", "early_stopping"), [("sgd", False), ("adam", True), ("lbfgs", False)]
)
def test_sparse_rows_are_multiplied_as_they_are(solver, early_stopping):
    options = {"solver": solver, "early_stopping": early_stopping, "batch_size": 32}
    few = np.where(X > 0.5, X, 0)
    dense = small(max_iter=5, **options).fit(few, LABELS)
    sparse = small(max_iter=5, **options).fit(NeverDense(few), LABELS)
    np.testing.assert_allclose(sparse.coefs_[0], dense.coefs_[0], atol=1e-12)
    np.testing.assert_allclose(
        sparse.predict_proba(NeverDense(few)), dense.predict_proba(few), atol=1e-12
    )


@pytest.mark.slow
def test_sparse_rows_have_all_that_dense_ones_have():
    options = {
        "hidden_layer_sizes": (),
        "solver": optax.sgd,  # knows no alpha but by the gradient
        "alpha": 0.1,
        "batch_size": 40,
        "dtype": np.float32,
    }
    few = np.where(X > 0.5, X, 0)
    weights = np.linspace(0.5, 2, 150)
    dense, sparse = (
        small(**options).fit(rows, LABELS, sample_weight=weights)
        for rows in (few, csr_array(few).tocsc())
    )
    assert sparse.coefs_[0].dtype == np.float32
    np.testing.assert_allclose(sparse.coefs_[0], dense.coefs_[0], atol=1e-6)
    np.testing.assert_allclose(sparse.loss_curve_, dense.loss_curve_, rtol=1e-6)
    masked = [
        small(dropout=0.5, max_iter=3).fit(rows, LABELS).coefs_[0]
        for rows in (few, csr_array(few))
    ]
    np.testing.assert_allclose(*masked, atol=1e-12)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_batches_with_more_entries_compile_nothing(compiled, solver):
    rows = np.random.RandomState(0).uniform(size=(600, 40))
    rows[:300] *= rows[:300] < 0.05
    labels = rows[:, 0] > 0.02
    small(solver=solver, max_iter=4).fit(csr_array(rows), labels)
    assert compiled.count("jit(run_batch)") + compiled.count("jit(packed_cost)") == 1
