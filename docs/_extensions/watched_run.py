"""The run of Learn 1 as a page where every number can be watched."""

import logging
from pathlib import Path

import jax

import jaxdnn as dnn
from jaxdnn.data.datasets import load
from jaxdnn.explain import record, write_page

# It would tell of the devices that it did not find.
logging.getLogger("jax").setLevel(logging.WARNING)


def setup(app):
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app, error):
    if error or app.builder.format != "html":
        return
    data, key = load("moons"), jax.random.key(1)
    network = dnn.Network((2, 4, 1), hidden="tanh", output="sigmoid")
    start = dnn.initialize_parameters(key, network.layer_dims)
    how = {"key": key, "params": start, "learning_rate": 1.2, "epochs": 2000}
    run = record(network, data.X, data.Y, **how)
    write_page(run, Path(app.outdir, "_static", "one-run.html"), title="moons")
