"""The course of 2017: `from jaxdnn.course.edition_2017 import *` in a notebook.

The names are those of `jaxdnn.course`; what they mean in 2017 says `editions`.
"""

from jaxdnn.course.editions import edition

__getattr__ = edition(2017).__getattr__
