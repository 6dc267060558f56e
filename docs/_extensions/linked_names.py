"""A public name is a link to its place: `jaxdnn.fit` in a page's text, `fit` in any
docstring, and there a module, too, whose subject has a page of its own.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

NAME = re.compile(r"jaxdnn(\.\w+)+")
PAGES = {
    "arrays": "howto/weights-and-arrays",
    "choosing": "explanation/defaults",
    "layouts": "explanation/rotation",
    "propagation": "explanation/house",
    "rotation": "explanation/rotation",
    "training.examples": "howto/more-rows-than-memory",
}


class LinkNames(SphinxTransform):
    default_priority = 30  # after translation, before references are resolved

    def apply(self, **kwargs):
        for literal in list(self.document.findall(nodes.literal)):
            text = literal.astext()
            inside = isinstance(literal.parent, (nodes.reference, pending_xref))
            if NAME.fullmatch(text) and not inside:
                link = pending_xref(
                    "", refdomain="py", reftype="obj", reftarget=text, refexplicit=False
                )
                link["refwarn"] = False
                literal.replace_self(link)
                link += literal


def find(app, env, node, text):
    """What a docstring of another module calls by its bare name."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].partition("(")[0]
    if name in PAGES:
        return make_refnode(app.builder, node["refdoc"], PAGES[name], "", text)
    place = env.domains["py"].objects.get(f"jaxdnn.{name}")
    if place is None:
        return None
    return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, text)


def setup(app):
    app.add_transform(LinkNames)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True}
