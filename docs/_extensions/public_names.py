"""Every public name has its place in the reference, or the build fails."""

from sphinx.util import logging

import jaxdnn
from jaxdnn import explain, export, interop, models, plots, sklearn, testing

PACKAGES = (jaxdnn, explain, export, interop, models, plots, sklearn, testing)


def setup(app):
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True}


def public(package):
    """The names that a package offers, in full."""
    names = getattr(package, "__all__", None) or [
        name
        for name, value in vars(package).items()
        if callable(value) and value.__module__.startswith(package.__name__)
    ]
    return {f"{package.__name__}.{name}" for name in names}


def check(app, env):
    documented = set(env.domaindata["py"]["objects"])
    for name in sorted(set().union(*map(public, PACKAGES)) - documented):
        logging.getLogger(__name__).warning("%s is on no page of the reference", name)
