"""A page is translated as a whole or not at all, or the build fails."""

from pathlib import Path

from sphinx.util import logging


def setup(app):
    app.connect("doctree-read", check)
    return {"parallel_read_safe": True}


def check(app, doctree):
    """A page that has a catalogue has every message in it."""
    folder = Path(app.confdir, "locale", app.config.language, "LC_MESSAGES")
    catalogue = folder / f"{app.env.docname}.po"
    if not catalogue.exists():
        return
    progress = doctree["translation_progress"]
    if missing := progress["total"] - progress["translated"]:
        logging.getLogger(__name__).warning(
            "%d of %d messages have no translation: run `make docs-messages` and"
            " translate them in %s, or remove it, and the page is in English",
            missing,
            progress["total"],
            catalogue,
            location=app.env.docname,
        )
