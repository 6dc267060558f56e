"""How the site is built: `make docs`."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Pages import `scripts` in their cells, which run in processes of their own.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE.parent), str(HERE / "_extensions")]
)
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

import jaxdnn

project, author = "jaxdnn", "The jaxdnn authors"
copyright = author
version = release = jaxdnn.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "bundled_mathjax",
    "formulas",
    "linked_names",
    "own_host",
    "public_names",
    "watched_run",
]
exclude_patterns = ["_build", "_extensions"]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
# page: is what `watched_run` writes, for pages in folders.
myst_url_schemes = {"http": None, "https": None, "page": "../_static/{{path}}"}
# Every page is executed, from nothing: a cache would not see that the library changed.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_render_markdown_format = "myst"

autodoc_typehints = "none"  # docstrings say shapes, which types cannot
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
mathjax_path = "mathjax/tex-mml-chtml.js"
# Some of its menu's entries would load what is not beside the pages.
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "furo"
html_title = f"jaxdnn {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
