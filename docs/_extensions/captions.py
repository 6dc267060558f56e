"""The captions of the navigation are headings of a level, for a screen reader."""


def setup(app):
    app.connect("html-page-context", level, priority=900)  # after the theme's own
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def level(app, page, template, context, doctree):
    tree = context.get("furo_navigation_tree", "")
    captions = tree.replace('role="heading"', 'role="heading" aria-level="2"')
    context["furo_navigation_tree"] = captions
