"""The files in web/, put together: {{name.css}} is that file, {{name}} a text."""

import re
from importlib.resources import files

_PART = re.compile(r"\{\{([\w.]+)\}\}")


def filled(name: str, **texts: str) -> str:
    """A file of web/ with all its parts in their places.

    Example:
      >>> filled("report.html", title="moons", body="<p>x</p>").count("moons")
      2
    """
    folder = files("jaxdnn.explain") / "web"

    def part(found: re.Match[str]) -> str:
        if found[1] in texts:
            return texts[found[1]]
        return (folder / found[1]).read_text(encoding="utf-8").rstrip("\n")

    return _PART.sub(part, (folder / name).read_text(encoding="utf-8"))
