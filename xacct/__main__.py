"""``python -m xacct``."""

from xacct.cli import run

run()
