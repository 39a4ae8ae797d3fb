"""From the text of a space file to its tree: everything that knows lines, keys and spelling."""
