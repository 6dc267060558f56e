"""What the rows and the columns of a run are, in lines for the screen."""

from jaxdnn._text import cut, some
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.tables import number_in, suffix
from jaxdnn.models.prepared import Prepared

# Lines of the useless.
_MOST = 3


def describe_data(name: str, prepared: Prepared) -> list[str]:
    """The rows, and what every target holds."""
    learned = prepared.learned
    said = [f"{name}, {sum(learned.sizes.values())} rows"]
    for target in learned.preprocessing.targets:
        said.append(f"{target.name}: {target.describe(learned.found[target.name])}")
    return said


def describe_columns(prepared: Prepared) -> list[str]:
    """What the inputs were taken for, and which columns count for nothing."""
    preprocessing = prepared.learned.preprocessing
    kinds: dict[str, list[str]] = {}
    for column in preprocessing.columns:
        kinds.setdefault(column.kind, []).append(column.name)
    said = [f"{kind} {some(names)}" for kind, names in kinds.items()]
    useless = prepared.learned.useless
    if dropped := [name for name in preprocessing.left_out if name not in useless]:
        said.append(f"without {some(dropped)}")
    said += [f"without {name} ({why})" for name, why in list(useless.items())[:_MOST]]
    if len(useless) > _MOST:
        said.append(f"without {some(list(useless)[_MOST:])}, alike")
    said += [
        f"{name} is text because of {cut(text)} in row {row}"
        for name, (text, row) in prepared.learned.strays.items()
    ]
    return said


def headless(prepared: Prepared) -> str | None:
    """That the first row of a text file was its header, where that is all numbers."""
    columns = prepared.learned.preprocessing
    names = [c.name for c in (*columns.columns, *columns.targets)]
    names += columns.left_out
    text = not suffix(prepared.recipe.data.source).startswith((".parquet", ".npz"))
    if not text or any(number_in(name) is None for name in names):
        return None
    return f"the first row, {some(map(cut, names))}, was taken for the columns' names"


def describe_missing(prepared: Prepared) -> list[str]:
    """How many cells were missing, where, and what was put there."""
    learned, untold = prepared.learned, prepared.untold
    rule = learned.preprocessing.missing
    said: list[str] = []
    of_text = {
        c.name for c in learned.preprocessing.columns if isinstance(c, Categories)
    }
    gaps = {
        name: gap.cells
        for name, gap in learned.gaps.items()
        if name not in learned.useless
    }
    for what, names in (
        (f"by the {rule}", [name for name in gaps if name not in of_text]),
        ("a category of their own", [name for name in gaps if name in of_text]),
    ):
        if names:
            counted = some(f"{name} {gaps[name]}" for name in names)
            said.append(f"{counted} {what}")
    if untold:
        why = (
            "with gaps"
            if rule == "drop"
            else f"without {some(learned.preprocessing.target_names)}"
        )
        said.append(f"{untold} rows {why} left out")
    return said
