"""Figures: costs, boundaries, confusions, gradients, pictures with what was said.

Every function returns a matplotlib Figure of its own. Nothing goes through pyplot, so
no window opens and no global state changes. Colours are those of Okabe & Ito (2008),
which colour-blind readers can tell apart; classes differ in shape as well.
"""

from jaxdnn.plots.boundary import plot_decision_boundary as plot_decision_boundary
from jaxdnn.plots.confusion import plot_confusion_matrix as plot_confusion_matrix
from jaxdnn.plots.costs import plot_cost as plot_cost
from jaxdnn.plots.costs import plot_costs as plot_costs
from jaxdnn.plots.costs import plot_learning_curve as plot_learning_curve
from jaxdnn.plots.figures import save as save
from jaxdnn.plots.gradients import plot_gradient_norms as plot_gradient_norms
from jaxdnn.plots.images import plot_images as plot_images
