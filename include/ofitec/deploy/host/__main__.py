"""`python3 -m ofitec.deploy.host VERB ...`, or the same as one zipped file."""

import sys

from ofitec.deploy.host.cli import main

sys.exit(main(sys.argv[1:]))
