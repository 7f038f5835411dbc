"""A hundred names as somebody might write them into a table to do harm, the same each time."""

import random

PARTS = (
    "<script>window.stolen=1</script>", "<img src=x onerror=window.stolen=1>", "\"><svg/onload=window.stolen=1>",
    "javascript:window.stolen=1", "{{7*7}}", "{% raw %}", "${7*7}", "</title><script>window.stolen=1</script>",
    "' onmouseover='window.stolen=1", "</style><script>window.stolen=1</script>", "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)", "<a href='http://evil.example'>", "| a | b |", "`code`", "<!--", "-->",
    "[/]", "[bold]", "[red]x[/red]", "[link=http://evil.example]", r"\[x]", "[", "]", ":smile:",
    "\x1b[31m", "\x1b]0;owned\x07", "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07", "\x9b2J", "\x07", "\r", "\x08" * 4,
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\u202egpj.exe", "\u2066x\u2069", "\u200b", "\ufeff",
    "../../etc/passwd", "..\\..\\windows", "CON", "nul", "lpt1", "COM¹", ".", "..", ".x", "..x", "x", "x.", "x ", "X",
    "a" * 300, "é" * 200, "e\u0301" * 90, "Ａ１", "A1", "a1", "zarr.json", "specimens.parquet", "%2e%2e%2f", "%00", "~",
    "-rf", "--help", "$HOME", "$(id)", "`id`", "; rm -rf /", "\\$x^2", "$\\frac{1}{2}$", "\u0627\u0644", "林檎", "🐟",
)  # fmt: skip


def hostile_names(count: int = 100, seed: int = 23) -> list[str]:
    """Different names: each part alone, then parts put together, none of them empty, and no NUL among them."""
    rng = random.Random(seed)
    names = list(dict.fromkeys(PARTS))
    while len(names) < count:
        made = rng.choice([" ", "", "_"]).join(rng.sample(PARTS, rng.randint(2, 4)))
        if made not in names:
            names.append(made)
    return names[:count]
