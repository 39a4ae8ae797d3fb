"""Documentation that cannot drift from the program."""

import re
import shlex
from pathlib import Path

import click
from cli.reference import PAGE, reference

from tuner.cli.app import VERBS, tune

ROOT = PAGE.parent.parent
README = ROOT / "README.md"


def test_the_command_reference_is_what_the_commands_say() -> None:
    assert PAGE.read_text("utf-8") == reference(), "run: make docs"


def test_every_command_in_the_readme_exists_with_its_options() -> None:
    lines = re.findall(r"^(?:\$ )?tune (.+?)(?:\s{2,}.*|\s+#.*)?$", README.read_text("utf-8"), flags=re.MULTILINE)
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line)
        verb = words[0] if words[0] in VERBS else "run"
        command = tune.get_command(click.Context(tune), verb)
        assert command is not None
        if isinstance(command, click.Group) and len(words) > 1:
            command = command.commands[words[1]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


def test_every_file_that_the_documents_link_to_is_there() -> None:
    for page in [README, *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = Path(ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", README.read_text("utf-8"), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
