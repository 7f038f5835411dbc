"""Photographs beside masks, for programs that look for them there."""

import io
from pathlib import Path

from PIL import ExifTags

from finercam_core.export.mask_records import MaskRecord, SpecimenError
from finercam_core.images.decoder import load_image
from finercam_core.images.faults import as_image_errors
from finercam_core.images.limits import DEFAULT_LIMITS
from finercam_core.images.location import image_source
from finercam_core.images.opening import opened
from finercam_core.io.atomic import replacing, write_whole

_AS_IT_IS = {"JPEG": ".jpg", "PNG": ".png"}


def copy_photograph(record: MaskRecord, root: str, stem: Path) -> Path:
    """Put the photograph of a mask beside it.

    A JPEG or PNG is copied byte by byte, unless programs that know nothing of EXIF would see it turned; of anything
    else the pixels are written as a PNG.

    Parameters
    ----------
    record : MaskRecord
    root : str
        The collection's folder.
    stem : Path
        The copy without its ending; its folder must exist.

    Returns
    -------
    Path of the copy.

    Raises
    ------
    ImageError, SpecimenError
        If the photograph is unavailable, or has another size than the mask.
    """
    source = image_source(record.address, root)
    with opened(record.address, root, DEFAULT_LIMITS, source) as (image, _):
        upright = image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        ending = _AS_IT_IS.get(image.format or "") if upright and image.mode in ("RGB", "L") else None
        size = image.size
    if ending is None:
        picture = load_image(record.address, root=root)
        _compare(picture.size, record)
        target = stem.with_name(f"{stem.name}.png")
        with replacing(target) as partial:
            picture.save(partial, "PNG")
        return target
    _compare(size, record)
    target = stem.with_name(f"{stem.name}{ending}")
    with as_image_errors(record.address):
        content = source.getvalue() if isinstance(source, io.BytesIO) else Path(source).read_bytes()
    write_whole(target, content)
    return target


def _compare(size: tuple[int, int], record: MaskRecord) -> None:
    height, width = record.mask.shape
    if size != (width, height):
        raise SpecimenError(
            f"its photograph has {size[0]} x {size[1]} pixels and its mask {width} x {height}", "review it again"
        )
