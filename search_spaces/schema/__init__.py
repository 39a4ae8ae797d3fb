"""The space file as a JSON Schema, for editors. Made from the tables that the parser reads by."""

from search_spaces.schema.document import space_schema
from search_spaces.schema.writing import written

__all__ = ["space_schema", "written"]
