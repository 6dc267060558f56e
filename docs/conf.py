"""How the site is built: `make docs`."""

import doctest
import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Pages import `scripts` in their cells, which run in processes of their own.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(HERE.parent), str(HERE / "_extensions")]
)
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

from public_names import PACKAGES, public

import jaxdnn

# What they tell is of no page: that one is executed, that a word list was read.
logging.getLogger("traitlets").setLevel(logging.WARNING)
logging.getLogger("jieba").disabled = True

project, author = "jaxdnn", "The jaxdnn authors"
copyright = author
version = release = jaxdnn.__version__
language = "zh_CN" if tags.has("zh_CN") else "en"  # noqa: F821 - Sphinx's, of `-t`
locale_dirs, gettext_compact, gettext_location = ["locale"], False, False

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "bundled_mathjax",
    "captions",
    "formulas",
    "linked_names",
    "public_names",
    "solution",
    "watched_run",
    "whole_pages",
]
exclude_patterns = ["_build", "_extensions", "_templates"]
templates_path = ["_templates"]
default_role = "py:obj"

myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline"]
myst_heading_anchors = 3
# page: is what `watched_run` writes, for pages in folders.
myst_url_schemes = {"http": None, "https": None, "page": "../_static/{{path}}"}
# `make docs` begins without the cache, which would not see that the library changed:
# the first language executes every page, the second finds it executed.
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "cache")
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_render_markdown_format = "myst"
nb_code_prompt_show = {"en": "Solution", "zh_CN": "解答"}[language]
nb_code_prompt_hide = nb_code_prompt_show

autodoc_typehints = "none"  # docstrings say shapes, which types cannot
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# An example may use what its own module has: public names, and these.
doctest_global_setup = """
import tempfile
from pathlib import Path
import jax, jax.numpy as jnp, numpy as np
from jaxdnn.data.datasets import flower, load
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
"""
for name in sorted(set().union(*map(public, PACKAGES))):
    doctest_global_setup += "from {} import {}\n".format(*name.rsplit(".", 1))
doctest_default_flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
mathjax_path = "mathjax/tex-mml-chtml.js"
# Some of its menu's entries would load what is not beside the pages.
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "furo"
html_title = f"jaxdnn {release}"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["tables.css"]
html_copy_source = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
