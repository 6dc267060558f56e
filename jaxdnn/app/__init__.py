"""Everything that touches files, screens or other libraries (extra: jaxdnn[app]).

The libraries are imported where they are used, so the core never needs them.
"""
