"""A page that asks another host for anything but a click's target fails the build."""

import re
from pathlib import Path

ASKS = re.compile(
    r"<(?:script|link|img|iframe|source)[^>]*(?:src|href)=[\"'](?:https?:)?//[^>]*>"
)


def setup(app):
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def check(app, error):
    if error or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        if found := ASKS.search(page.read_text()):
            raise ValueError(f"{page} asks another host: {found.group()}")
