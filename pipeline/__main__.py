"""``python -m pipeline`` is the command ``newsieve``."""

from pipeline.cli import main

main()
