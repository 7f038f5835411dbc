"""Names of pages."""

import hashlib
import re


def slug(name: str) -> str:
    """File name of a species' page, without ending: letters, digits, hyphen and underscore; different for each name."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_")
    if plain.replace("_", " ") == name and len(plain) <= 80:
        return plain
    return f"{plain[:60]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def pair_slug(a: str, b: str) -> str:
    """File name of a pair's page; the same in both directions."""
    return "--vs--".join(slug(name) for name in sorted((a, b)))
