"""``python -m xacct``."""

from xacct.cli.main import run

run()
