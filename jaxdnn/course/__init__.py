"""The course notebooks' functions over {"W1": ..., "b1": ...} dictionaries.

A notebook with `from jaxdnn.course import *` in the place of its own functions runs and
prints the published numbers. NumPy arrays go in and come out. Between them works the
core: compiled, in float64 whatever the process is set to, training as one program
(`fit`). The notebooks' seeds drive generators of their own, never NumPy's global one.

The notebooks of 2021 are the default. Those of 2017 to 2020 mean something else by
some names: `from jaxdnn.course.edition_2017 import *`, or `with course.edition(2017):`.

| name | 2017 | 2021 |
|---|---|---|
| nn_model | seed 2 | seed 3 |
| two_layer_model, L_layer_model | parameters | (parameters, costs) |
| | the costs are plotted | the last cost is printed in any case |
| L_layer_model | costs of six digits | costs of all digits |
| predict(parameters, X) | 0 and 1 | False and True |
| gradient_check | says correct or wrong | says the difference, if told to print |
| gradient_check_n | prints | prints if told to |
| L_model_backward | has dA_L as well, for dA_{L-1} | has each gradient once |

The first public tests of 2021 still have what `nn_model(..., seed=2)` draws.

Where notebooks of one year give one name several meanings, the arguments say which is
meant:

| name | called as | meaning |
|---|---|---|
| initialize_parameters | (n_x, n_h, n_y) | planar, seed 2 |
| | (layer_dims) | regularisation, seed 3, / sqrt(n_prev) |
| forward_propagation | (X, parameters), two layers | planar: tanh, a dictionary cache |
| | (X, parameters), more layers | ReLU (or `hidden="tanh"`), a tuple cache |
| | (x, theta) | gradient checking in one dimension: J = theta x |
| backward_propagation | (parameters, cache, X, Y) | planar |
| | (X, Y, cache) | tuple cache, ReLU (or `hidden="tanh"`) |
| | (x, theta) | gradient checking in one dimension |
| compute_cost | (A, Y) or (A, Y, parameters) | the parameters change nothing |
| predict, predict_dec | (parameters, X) | labels; two layers: tanh, else ReLU |
| predict | (X, y, parameters), three layers | integers; ReLU; the accuracy is printed |
| | (X, y, parameters), others | floats, likewise: the application |
| model | initialization given | initialisation: (n_x, 10, 5, 1), rate 0.01, 15,000 |
| | none given | regularisation: (n_x, 20, 3, 1), rate 0.3, 30,000 |
| load_dataset | () | the circles, not the cats of the logistic-regression notebook |

Other names no argument tells apart. There the notebook does, as in
`with course.edition(2021, "step by step"):` (or "planar", "application",
"initialization", "regularization", "gradient checking"):

| name | not told | in the notebook named |
|---|---|---|
| initialize_parameters(n_x, n_h, n_y) | seed 2 | step by step, application: seed 1 |
| initialize_parameters_deep | seed 3, x 0.01 | application: seed 1, / sqrt(n_prev) |
| sigmoid, relu | (A, Z) | all but step by step and application: A |
| model, no initialization given | regularisation | initialization: "he" |
| predict(X, y, parameters) | by its layers | application: floats; others: integers |

What the write-ups get wrong is right here:

- A gradient is named by what it is: dA_l is the gradient with respect to A_l. An early
  release stores it as dA_{l+1}.
- db_l sums over the examples, a number for each unit. The first release summed over the
  units too: hence its 0.6464283150388817 for the cats' cost at iteration 100, where
  0.6464320953428849 is right.
- While training, the cost comes from the logits, so it is finite and exact. The large
  random initialisation prints a number at iteration 0 where the notebook prints inf.
- The backward under dropout masks dA by D and then by A > 0.
- Where a prediction is certain, and dAL infinite or 0 / 0, the backward goes on from
  dZL = AL - Y, which is its limit.
- Every layer's dW_l is dZ_l A_{l-1}ᵀ / m (not of X), dZ_2 comes through W_3, biases are
  biases, A may have any number of rows, and the cost has its 1/m: the write-up of the
  [3, 4, 3, 1] tanh network has these otherwise. Its functions are `forward_propagation`
  and `backward_propagation` with `hidden="tanh"`.
- A correct network passes `gradient_check_n`, and the two planted bugs of the notebook
  are nowhere in `backward_propagation_n`.

What can be reproduced: most numbers to all their printed digits. Training from normal
x 10 is portable to 1e-2 only, the planar cost after 7,000 iterations to 1e-4, and the
test case of 2017 with normal targets to 0.05 of W1: rounding decides, also in NumPy.

An accuracy computed as float(np.dot(Y, predictions.T) + ...), of shape (1, 1), works
with the labels that the loaders here return. With others, NumPy 2.4 refuses: write
`(...).item()`.

The notebooks draw one dropout mask and use it at every iteration. That is how their
numbers came about, so `model(keep_prob=...)` does so too; `fit` draws new masks.

Cost curves and scatter plots appear in pyplot where matplotlib is installed, and stay
open: in a script, call `plt.show()`.

References:
  Ng, Katanforoosh & Bensouda Mourri (2017), Deep Learning, deeplearning.ai: courses 1
  (weeks 3 and 4) and 2 (week 1), the programming exercises.
"""

from jaxdnn.course import edition_2017 as edition_2017
from jaxdnn.course import edition_2021 as edition_2021
from jaxdnn.course.activations import (
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
)
from jaxdnn.course.blocks import (
    L_model_backward,
    L_model_forward,
    compute_cost,
    compute_cost_with_regularization,
    compute_loss,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    update_parameters,
)
from jaxdnn.course.data import (
    load_2D_dataset,
    load_data,
    load_dataset,
    load_extra_datasets,
    load_planar_dataset,
)
from jaxdnn.course.dropout import (
    backward_propagation_with_dropout,
    forward_propagation_with_dropout,
)
from jaxdnn.course.editions import edition
from jaxdnn.course.figures import (
    plot_costs,
    plot_decision_boundary,
    print_mislabeled_images,
)
from jaxdnn.course.gradient_checking import (
    backward_propagation_n,
    dictionary_to_vector,
    forward_propagation_n,
    gradient_check,
    gradient_check_n,
    gradients_to_vector,
    vector_to_dictionary,
)
from jaxdnn.course.initialization import (
    initialize_parameters,
    initialize_parameters_deep,
    initialize_parameters_he,
    initialize_parameters_random,
    initialize_parameters_zeros,
    layer_sizes,
)
from jaxdnn.course.networks import (
    backward_propagation,
    backward_propagation_with_regularization,
    forward_propagation,
    predict,
    predict_dec,
)
from jaxdnn.course.training import L_layer_model, model, nn_model, two_layer_model

__all__ = [
    "L_layer_model",
    "L_model_backward",
    "L_model_forward",
    "backward_propagation",
    "backward_propagation_n",
    "backward_propagation_with_dropout",
    "backward_propagation_with_regularization",
    "compute_cost",
    "compute_cost_with_regularization",
    "compute_loss",
    "dictionary_to_vector",
    "edition",
    "forward_propagation",
    "forward_propagation_n",
    "forward_propagation_with_dropout",
    "gradient_check",
    "gradient_check_n",
    "gradients_to_vector",
    "initialize_parameters",
    "initialize_parameters_deep",
    "initialize_parameters_he",
    "initialize_parameters_random",
    "initialize_parameters_zeros",
    "layer_sizes",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "load_2D_dataset",
    "load_data",
    "load_dataset",
    "load_extra_datasets",
    "load_planar_dataset",
    "model",
    "nn_model",
    "plot_costs",
    "plot_decision_boundary",
    "predict",
    "predict_dec",
    "print_mislabeled_images",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "two_layer_model",
    "update_parameters",
    "vector_to_dictionary",
]
