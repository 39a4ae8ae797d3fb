"""Names that strangers choose: paths, markup, formats, commands, control characters, other scripts, too long ones."""

from __future__ import annotations

ODD = [
    "", " ", "\t", "\n", "\r", "\0", "\a", "\b", "\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "\x7f", "\x85", "\xa0",
    ".", "..", "../", "../../etc/passwd", "/etc/passwd", "/", "~", "~root", "\\", "C:\\x", "\\\\host\\share", "a/b",
    "a/../../b", "./a", "file:///x", "http://x/y", "CON ", "NUL.", "a:b", "a;b", "a|b", "a&b", "a b", "a,b", "a'b",
    'a"b', "a`b",
    "$(ls)", "${HOME}", "$x", "%41", "%00", "%s", "{0}", "{}", "{{7*7}}", "<script>", "<img src=x onerror=y>",
    "[red]", "[/]", "'; drop table trials; --", "-rf", "--help", "@file", "#tag", "*", "?", "!", "=1+1", "+1", "(x)",
    "\u202egnp", "\u200b", "\u2028", "\ufeff", "\ud800", "\U0001f600", "é", "\uff57idth", "١٢", "имя", "名", "a\u0301",
    "__import__('os')", "width[0]", "width.x", "x" * 65, "x" * 255, "x" * 256, "x" * 5000, "1" * 65, "é" * 128,
    ".hidden", "-x", "_ _", "null.x y",
]  # fmt: skip
NAMES = [*ODD, *(f"a{name}" for name in ODD if name), *(f"{name}z" for name in ODD if name)]
