"""An exercise's solution, folded: a block `solution` around what it says."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Solution(SphinxDirective):
    has_content = True

    def run(self):
        # The word of the fold is that of cells which are folded.
        fold = f"<details><summary>{self.config.nb_code_prompt_show}</summary>"
        return [
            nodes.raw("", fold, format="html"),
            *self.parse_content_to_nodes(),
            nodes.raw("", "</details>", format="html"),
        ]


def setup(app):
    app.add_directive("solution", Solution)
    return {"parallel_read_safe": True}
