"""What a person can name, and how much is meant where nobody says.

The command line reads its words and writes its help from these alone, in the time that
Python takes to start: nothing is imported here but the standard library. What each
name stands for is in the file that takes it up, which a test holds to this list.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

# ---- the network -------------------------------------------------------------------

ACTIVATIONS = (
    *("relu", "leaky_relu", "tanh", "sigmoid", "identity"),
    *("elu", "softplus", "gelu", "gelu_tanh", "silu"),
)
# Of the hidden layers.
HIDDEN = "relu"
Method = Literal["zeros", "normal", "he", "xavier", "lecun"]

# ---- the data ----------------------------------------------------------------------

# What is learned from.
DATASET = "breast_cancer"
DATASETS = (
    *("flower", "circles", "noisy_circles", "moons", "blobs", "quantiles"),
    *("breast_cancer", "digits", "iris", "wine", "diabetes"),
    *("football", "cats", "mnist"),
)
TASKS = ("classification", "regression", "counts", "multilabel")

# What is done about cells that hold nothing: filled with the training rows' mean or
# median (text becomes a category of its own), their rows left out, or refused.
MISSING = ("mean", "median", "drop", "error")

# What a cell holds that holds nothing, beside the empty one: in numbers and in texts,
# in every format. Not "none", which is a category as often as not.
MISSING_VALUES = (
    *("?", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "None"),
    *("nan", "NaN", "NAN", "-nan", "-NaN"),
)
SPLITS = ("random", "last")

# Rows put aside to test on, where neither the data set nor anybody says how many.
TEST_FRACTION = 0.2

# Rows to watch where patience asks for some.
VALIDATION_FRACTION = 0.1

# Rows in an update of a stream, where nobody said how many.
STREAM_BATCH_SIZE = 128

# Of everything that is drawn at random.
SEED = 1

# ---- the training ------------------------------------------------------------------

# Name -> the learning rate to begin with. momentum's steps add up to ten of sgd's.
LEARNING_RATES: Mapping[str, float] = MappingProxyType(
    {
        "sgd": 0.1,
        "momentum": 0.01,
        "nesterov": 0.01,
        "adam": 0.002,
        "adamw": 0.002,
        "rmsprop": 0.001,
        "adagrad": 0.01,
    }
)
SCHEDULES = ("constant", "cosine")
WATCHES = ("cost", "score")

# How the name of a model's file for other programs ends.
EXPORTS = (".onnx", ".stablehlo")
