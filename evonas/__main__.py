"""``python -m evonas``."""

from evonas.cli.main import main

main()
