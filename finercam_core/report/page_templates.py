"""The atlas' templates: everything from the data is escaped, and a page runs no script and no style but its own."""

import base64
import hashlib
import math
import re

import jinja2
from markupsafe import Markup

from finercam_core.errors import counted
from finercam_core.report.specimen_views import ALL
from finercam_core.review.keys import GROUPS

INDEX = "index.html"


def slug(name: str) -> str:
    """File name of a species' page, without ending: letters, digits, hyphen and underscore; different for each name."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_")
    if plain.replace("_", " ") == name and len(plain) <= 80:
        return plain
    return f"{plain[:60]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def pair_slug(a: str, b: str) -> str:
    """File name of a pair's page, without ending; the same in both directions."""
    return "--vs--".join(slug(name) for name in sorted((a, b)))


def species_address(name: str) -> str:
    """Where a species' page lies below the atlas' folder."""
    return f"species/{slug(name)}.html"


def pair_address(a: str, b: str) -> str:
    """Where a pair's page lies below the atlas' folder."""
    return f"pairs/{pair_slug(a, b)}.html"


def environment() -> jinja2.Environment:
    """The templates, with the filters, the addresses, and the policy that every page states.

    Style and script stand in the page itself, so that it can be read as one file; the policy names the hash of each
    (Content Security Policy 3), so that nothing else is run, wherever a name or a note might stand.
    """
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("finercam_core.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (made.get_template(name).render() for name in ("style.css", "atlas.js"))
    made.globals.update(
        index=INDEX,
        species_address=species_address,
        pair_address=pair_address,
        every=ALL,
        style=Markup(style),
        script=Markup(script),
        policy=Markup(content_policy(style, script)),
        keys=[{"heading": heading, "keys": [key._asdict() for key in keys]} for heading, keys in GROUPS],
    )
    made.filters.update(percent=_percent, number=_number, counted=counted)
    return made


def content_policy(style: str, script: str) -> str:
    """What a page may load: this style, this script and pictures that it carries itself; no form, no other base.

    From the atlas' own host it may also load photographs, the script of the live maps, and with it evidence.
    """
    return (
        f"default-src 'none'; img-src 'self' data:; style-src {_hash(style)}; script-src 'self' {_hash(script)}; "
        "connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )


def review_policy(style: str) -> str:
    """What the page of the review may load: script and answers of its own server, photographs that it was given.

    No string is ever taken for HTML or for a script (Trusted Types), and no other page shows this one in a frame.
    """
    return (
        f"default-src 'none'; img-src blob: data:; style-src {_hash(style)}; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _percent(value: float, digits: int = 0) -> str:
    return f"{_number(100 * value, digits)}\N{NO-BREAK SPACE}%" if math.isfinite(value) else "–"


def _number(value: float, digits: int = 1) -> str:
    """A number as people write it: with a true minus sign, never minus zero, and a dash for what is unknown."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
