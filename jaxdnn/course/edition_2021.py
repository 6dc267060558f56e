"""The course of 2021: `from jaxdnn.course.edition_2021 import *` in a notebook.

The names are those of `jaxdnn.course`; what they mean in 2021 says `editions`.
"""

from jaxdnn.course.editions import edition

__getattr__ = edition(2021).__getattr__
