"""The command ``newsieve``, which ``python -m pipeline`` is too."""

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Load the command line and run it; Ctrl-C ends the loading, which takes a moment, without a traceback."""
    try:
        from pipeline import cli  # noqa: PLC0415 - what is imported above could not be interrupted in words
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    cli.main()


if __name__ == "__main__":
    main()
