"""A table as a notebook shows it: the verdict above, each row's status first."""

from collections.abc import Iterable, Sequence
from html import escape

# Hues of Okabe & Ito (2008), as light as stands out from white and from black alike: by
# 4.5, what WCAG 2 asks of text.
GOOD, BAD, OPEN, PLAIN = "#008763", "#C25600", "#996F09", "inherit"


def table(
    verdict: str,
    colour: str,
    title: str,
    headings: Sequence[str],
    rows: Iterable[tuple[str, Sequence[str]]],
    notes: Iterable[str] = (),
) -> str:
    """HTML of texts; nothing in it asks for anything elsewhere.

    Args:
      verdict, colour: the first line, and what it is written in.
      title: what the table is of.
      headings: of the columns; those without an entry are left out.
      rows: each with the colour of its first cell.
      notes: lines below.

    Example:
      >>> "<b" in table("WRONG", BAD, "2-1", ["", "equation"], [(BAD, ["no", "a < b"])])
      True
      >>> "a &lt; b" in table("", BAD, "", ["equation"], [(BAD, ["a < b"])])
      True
    """
    rows = list(rows)
    kept = [i for i in range(len(headings)) if any(cells[i] for _, cells in rows)]
    head = "".join(_cell("th", headings[i], PLAIN) for i in kept)
    body = "".join(
        "<tr>"
        + "".join(_cell("td", cells[i], PLAIN if i else colour) for i in kept)
        + "</tr>"
        for colour, cells in rows
    )
    below = "".join(f"<div>{escape(note)}</div>" for note in notes)
    return (
        f'<div><b style="color:{colour}">{escape(verdict)}</b>'
        f"<div>{escape(title)}</div>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"{below}</div>"
    )


def _cell(kind: str, text: str, colour: str) -> str:
    style = f"text-align:left;vertical-align:top;color:{colour}"
    return f'<{kind} style="{style}">{escape(text.strip())}</{kind}>'
