"""A public name in a page's text, `jaxdnn.fit`, is a link to its place."""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform

NAME = re.compile(r"jaxdnn(\.\w+)+")


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


def setup(app):
    app.add_transform(LinkNames)
    return {"parallel_read_safe": True}
