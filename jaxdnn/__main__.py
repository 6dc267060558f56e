"""`python -m jaxdnn` is the command `jaxdnn`."""

import sys

from jaxdnn.cli import main

if __name__ == "__main__":
    sys.exit(main())
