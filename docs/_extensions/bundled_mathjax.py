"""MathJax beside the pages: what shows a formula asks no other host."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path


def setup(app):
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def copy(app, error):
    """The one file that is loaded, and its fonts."""
    if error or app.builder.format != "html":
        return
    to = Path(app.outdir) / "_static" / "mathjax"
    fonts = Path("output", "chtml", "fonts", "woff-v2")
    with as_file(files("mathjax") / "static" / "mathjax") as found:
        (to / fonts).mkdir(parents=True, exist_ok=True)
        shutil.copy(found / "es5" / "tex-mml-chtml.js", to)
        shutil.copy(found / "LICENSE", to)
        shutil.copytree(found / "es5" / fonts, to / fonts, dirs_exist_ok=True)
