"""The site's sources, unbuilt: names, links and included lines are there."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

import jaxdnn

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def extension(name):
    path = DOCS / "_extensions" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entries(page):
    """The pages that the tables of contents of a page name."""
    tables = re.findall(r"\{toctree\}\n(.*?)```", page.read_text(), re.DOTALL)
    lines = [line for table in tables for line in table.splitlines()]
    return [page.parent / f"{line}.md" for line in lines if line and line[0] != ":"]


def test_every_public_name_is_in_the_reference():
    text = "\n".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    named = set(re.findall(r"\.\. (?:autofunction|autoclass|py:data):: (\w+)", text))
    assert set(jaxdnn.__all__) - named == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_points_at_what_is_there(page):
    text = page.read_text()
    links = re.findall(r"\]\(([^)#:\s]+\.md)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert [entry for entry in entries(page) if not entry.exists()] == []
    included = re.findall(r"\{literalinclude\} (\S+)\n:pyobject: (\w+)", text)
    for path, name in included:
        source = ast.parse((page.parent / path).read_text())
        assert name in {getattr(node, "name", None) for node in source.body}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_imports_what_it_uses(page):
    cells = re.findall(r"\{code-cell\}\n(.*?)```", page.read_text(), re.DOTALL)
    tree = ast.parse(re.sub(r"^:.*$", "", "\n".join(cells), flags=re.MULTILINE))
    imports = (ast.Import, ast.ImportFrom)
    names = [
        n for node in ast.walk(tree) if isinstance(node, imports) for n in node.names
    ]
    imported = {(name.asname or name.name).split(".")[0] for name in names}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported - used == set()


def test_every_page_is_in_a_toctree():
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for toctree in re.findall(
            r"\{toctree\}\n(.*?)```", page.read_text(), re.DOTALL
        ):
            listed |= {page.parent / f"{entry}.md" for entry in toctree.split()}
    assert [page for page in PAGES if page not in listed] == []


def test_an_answer_is_short_and_links():
    for page in (DOCS / "answers").glob("*.md"):
        if page.stem == "index":
            continue
        text = page.read_text()
        assert len(text.splitlines()) <= 30, page
        assert "](../" in text, page


def test_formulas_keep_their_lines():
    formulas = extension("formulas")
    lines = [
        "Pull back.",
        "",
        "    dW = dZ Aᵀ",
        "    db = |dZ|",
        "",
        "Args:",
        "  x: *y.",
    ]
    formulas.keep(None, "function", "f", None, None, lines)
    assert lines[2:4] == ["::", ""]
    assert "    db = |dZ|" in lines
    assert lines[-1] == r"  x: \*y."


@pytest.mark.parametrize("page", sorted((DOCS / "learn").glob("[01]*.md")))
def test_a_chapter_has_its_parts(page):
    text = page.read_text()
    assert "**" in text.partition("\n# ")[2].split("\n\n")[1]  # the one idea
    assert "{code-cell}" in text
    if page.stem != "13-lab":
        assert "{literalinclude}" in text
        _, mark, exercise = text.partition("\n## Exercise\n")
        assert mark
        assert "{solution}" in exercise or "[hide-cell]" in exercise


def test_what_contributing_names_is_there():
    root = DOCS.parent
    text = (root / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`((?:jaxdnn|docs|tests|scripts|\.ci)/[\w./]*)`", text))
    assert len(paths) > 20
    assert [path for path in sorted(paths) if not (root / path).exists()] == []
