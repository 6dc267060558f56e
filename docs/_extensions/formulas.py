"""Docstrings as they are: their formulas, set in from the text, keep their lines."""

import re

SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Example|References):$")


def setup(app):
    # Before napoleon, which comes at 500 and takes over from the first section on.
    app.connect("autodoc-process-docstring", keep, priority=400)
    return {"parallel_read_safe": True}


def keep(app, what, name, obj, options, lines):
    """What is set in before the first section is a block of its own."""
    sections = [bool(SECTION.match(line)) for line in lines]
    first = sections.index(True) if any(sections) else len(lines)
    example = lines.index("Example:") if "Example:" in lines else len(lines)
    found, inside = [], False
    for i, line in enumerate(lines):
        formula = i < first and line.startswith("    ")
        if formula and not inside:
            found += ["::", ""]
        inside = formula or (inside and i < first and not line.strip())
        found.append(line if formula or i > example else plain(line))
    lines[:] = found


def plain(line):
    """`*data` and coef_ are names and |W| a size: none is markup.

    >>> plain("loss(params, *data), |W|")
    'loss(params, \\\\*data), \\\\|W\\\\|'
    """
    markup = r"(?<![\w*\\])\*(?=[\w,])|(?<!\\)\||(?<=\w)_(?!\w)"
    line = re.sub(markup, r"\\\g<0>", line)
    return re.sub(r"(`\w+`)(?=\w)", r"\1\\ ", line)  # `Layer`s are several
