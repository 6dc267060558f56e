"""A published experiment on a page: run as its script runs it, and what it draws.

Where the course's files are missing, whose licence nobody knows, the page shows what
the script printed where they were.
"""

import os
import tempfile
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path

from IPython.display import Image, display

STORED = Path(__file__).parent.parent / "experiments" / "stored"


def show(name, *, reads_files=False, figures=()):
    """Print every published number beside the obtained one, and show the figures."""
    with tempfile.TemporaryDirectory() as out:
        lines = printed(name, out, reads_files).splitlines()
        print("\n".join(line for line in lines if not line.startswith("wrote ")))
        for figure in figures:
            if (path := Path(out) / figure).exists():
                display(Image(path.read_bytes(), width=480))


def printed(name, out, reads_files):
    if reads_files and not os.environ.get("JAXDNN_DATA"):
        stored = (STORED / f"{name}.txt").read_text()
        return (
            f"(as printed where the data were: JAXDNN_DATA names no folder)\n\n{stored}"
        )
    stream = StringIO()
    with redirect_stdout(stream):
        code = import_module(f"scripts.experiments.{name}").main(["--out", out])
    assert code == 0, f"{name} ended with {code}:\n{stream.getvalue()}"
    return stream.getvalue()
