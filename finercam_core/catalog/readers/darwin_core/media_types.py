"""Which media of an archive are photographs of specimens: by type, format, subtype and variant, as they are found."""

import pandas as pd

_PICTURES = frozenset(
    ["stillimage", "image", "photograph", "photographs", "photo", "photography", "picture", "digitalimage", "images"]
)
_FORMATS = frozenset(["jpg", "jpeg", "png", "tif", "tiff", "gif", "webp", "jp2", "bmp", "pjpeg"])
_VARIANTS = ("thumb", "trailer", "preview", "icon", "offline")
_SUBTYPES = frozenset(
    ["document", "label", "labels", "text", "map", "logo", "icon", "fieldnotes", "chart", "diagram", "graphicaldiagram"]
)


def not_pictures(media: pd.DataFrame) -> pd.Series:
    """Why each medium is not a photograph of a specimen; "" for one that is, or that says nothing about itself.

    Parameters
    ----------
    media : DataFrame
        Audiovisual Core terms in columns such as `medium.type`, each of which may be missing.
    """
    kind, form = _words(media, "type"), _words(media, "format")
    picture = _is_picture(kind) | ((kind == "") & ((form == "") | _is_picture(form)))
    # Type and format are easily swapped.
    picture |= _is_picture(form) & kind.isin(["", *_FORMATS])
    reasons = pd.Series("", index=media.index, dtype="str").mask(~picture, _what(media))
    for terms, words in ((("variantLiteral", "variant"), _VARIANTS), (("subtype", "subtypeLiteral"), _SUBTYPES)):
        for term in terms:
            text = _words(media, term)
            odd = text.str.startswith(_VARIANTS) if words is _VARIANTS else text.isin(_SUBTYPES)
            reasons = reasons.mask(odd & (reasons == ""), "it is a picture of another kind: " + term + " " + text)
    return reasons


def _what(media: pd.DataFrame) -> pd.Series:
    """Why a medium is no picture, with its type and format as they are written."""
    blank = pd.Series("", index=media.index, dtype="str")
    kind, form = (media.get(f"medium.{term}", blank).str.strip() for term in ("type", "format"))
    said = ("type " + kind).where(kind != "", "") + (", format " + form).where(form != "", "")
    return "it is not a picture: " + said.str.removeprefix(", ")


def _words(media: pd.DataFrame, term: str) -> pd.Series:
    """The last part of a value without case and separators: `dcmitype:StillImage` and `image/jpeg` → `jpeg`."""
    values = media.get(f"medium.{term}", pd.Series("", index=media.index, dtype="str")).str.strip().str.lower()
    return values.str.replace(r"^(?!image/).*[/#:]", "", regex=True).str.replace(r"[\s_.-]+", "", regex=True)


def _is_picture(words: pd.Series) -> pd.Series:
    return words.isin([*_PICTURES, *_FORMATS]) | words.str.startswith("image/")
