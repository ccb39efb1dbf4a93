"""Write the CLI reference from the commands' own help, or with --check fail when it is out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pipeline.cli import cli

TARGET = Path(__file__).parent / "cli.md"
HEAD = "# Commands\n\nGenerated from `newsieve --help` by `make docs`.\n"


def sections(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    """Yield a section for a command, then for each of its subcommands."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from sections(found, child, context)


def main() -> int:
    """Return 1 when --check finds the reference out of date."""
    text = "\n".join([HEAD, *sections(cli, "newsieve")])
    if "--check" in sys.argv:
        same = TARGET.is_file() and TARGET.read_text("utf-8") == text
        sys.stderr.write("" if same else f"{TARGET.name} is out of date; run make docs\n")
        return not same
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
