"""Tables: a file is read into named columns, whole or piece by piece."""

from jaxdnn.data.tables.options import Reading as Reading
from jaxdnn.data.tables.reading import FORMATS as FORMATS
from jaxdnn.data.tables.reading import ScannedFile as ScannedFile
from jaxdnn.data.tables.reading import is_streamable as is_streamable
from jaxdnn.data.tables.reading import read_in_pieces as read_in_pieces
from jaxdnn.data.tables.reading import read_table as read_table
from jaxdnn.data.tables.reading import scan as scan
from jaxdnn.data.tables.reading import suffix as suffix
from jaxdnn.data.tables.size import held_whole as held_whole
from jaxdnn.data.tables.table import Table as Table
from jaxdnn.data.tables.table import as_text as as_text
from jaxdnn.data.tables.table import is_text as is_text
from jaxdnn.data.tables.table import number_in as number_in
