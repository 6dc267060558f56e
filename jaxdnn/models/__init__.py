"""What a file holds and how it comes to be: models, recipes, checkpoints, results."""

from jaxdnn.models.files import load_model as load_model
from jaxdnn.models.files import save_model as save_model
from jaxdnn.models.inspection import Inspection as Inspection
from jaxdnn.models.inspection import inspect_rows as inspect_rows
from jaxdnn.models.model import Model as Model
from jaxdnn.models.model import Prediction as Prediction
from jaxdnn.models.recipe import DataRecipe as DataRecipe
from jaxdnn.models.recipe import NetworkRecipe as NetworkRecipe
from jaxdnn.models.recipe import Recipe as Recipe
from jaxdnn.models.recipe import TrainingRecipe as TrainingRecipe
from jaxdnn.models.scores import ClassScore as ClassScore
from jaxdnn.models.scores import Scores as Scores
from jaxdnn.models.scores import TargetScores as TargetScores
from jaxdnn.models.training import Trained as Trained
from jaxdnn.models.training import train as train
