"""The command line: the one module that prints."""

from __future__ import annotations

import click

from pipeline import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="newsieve")
def main() -> None:
    """Raw portal news in, clean Parquet out, and a reason for every line removed."""
