"""Bring the Chinese catalogues up to the English pages: `make docs-messages`.

A page that has a catalogue keeps the translations of what it still says; what is new
stands there empty, and `make docs` fails until it is translated. ARGS=howto/resume
begins a catalogue for another page.
"""

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
MESSAGES = HERE / "_build" / "gettext"
CATALOGUES = HERE / "locale" / "zh_CN" / "LC_MESSAGES"
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def is_formula(message):
    """Without code and formulas there is no word: the same in every language."""
    text = re.sub(r"`[^`]*`|\$[^$]*\$", "", message)
    return bool(re.search(r"\\[a-zA-Z]", text)) or not re.search(r"[A-Za-z]{3}", text)


def update(page):
    catalogue = CATALOGUES / f"{page}.po"
    old = read_po(catalogue.open("rb")) if catalogue.exists() else Catalog()
    new = Catalog()
    for message in read_po((MESSAGES / f"{page}.pot").open("rb")):
        if message.id:
            known = old.get(message.id)
            same = message.id if is_formula(message.id) else ""
            new.add(message.id, known.string if known else same)
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    with catalogue.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, new, width=0, omit_header=True)


if __name__ == "__main__":
    there = CATALOGUES.rglob("*.po")
    names = {str(path.relative_to(CATALOGUES).with_suffix("")) for path in there}
    names -= {"sphinx"}  # the theme's words
    for name in sorted(names | set(sys.argv[1:])):
        update(name)
