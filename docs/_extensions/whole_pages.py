"""A page is translated as a whole or not at all, or the build fails."""

from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging


def setup(app):
    app.connect("doctree-read", check, priority=600)  # the page's settings are gone
    return {"parallel_read_safe": True}


def check(app, doctree):
    """A page that has a catalogue has every message in it."""
    folder = Path(app.confdir, "locale", app.config.language, "LC_MESSAGES")
    catalogue = folder / f"{app.env.docname}.po"
    if not catalogue.exists():
        return
    for node in doctree.findall(nodes.Element):
        # Sphinx translates a toctree's caption, and does not mark it so.
        if node.get("translated") is False and not isinstance(node, addnodes.toctree):
            logging.getLogger(__name__).warning(
                "has no translation: run `make docs-messages` and translate it in"
                " docs/%s, or remove that file, and the page is in English: %s",
                catalogue.relative_to(app.confdir),
                node.astext(),
                location=app.env.docname,
            )
