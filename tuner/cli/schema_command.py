"""`tune spaces schema`: the space file as a JSON Schema, for editors."""

import click


@click.command()
def schema() -> None:
    """Print a JSON Schema of the space file, for completion and checks in editors."""
    from search_spaces.schema import space_schema, written

    click.echo(written(space_schema()))
