"""Tables: a file is read into named columns, whole or piece by piece."""

from jaxdnn.data.tables.reading import ScannedFile as ScannedFile
from jaxdnn.data.tables.reading import read_in_pieces as read_in_pieces
from jaxdnn.data.tables.reading import read_table as read_table
from jaxdnn.data.tables.reading import scan as scan
from jaxdnn.data.tables.table import Table as Table
from jaxdnn.data.tables.table import as_text as as_text
from jaxdnn.data.tables.table import is_text as is_text
from jaxdnn.data.tables.table import number_in as number_in

from dataclasses import dataclass
from jaxdnn.data.tables.reading import FORMATS as FORMATS

MISSING_VALUES = ("NA",)


@dataclass(frozen=True)
class Reading:
    missing: tuple = MISSING_VALUES
    delimiter: str | None = None
    decimal: str = "."

    @classmethod
    def from_json(cls, said):
        return cls(tuple(said["missing"]), said["delimiter"], said["decimal"])
