"""JPEGs decoded and scaled on the model's device: nvJPEG through torchvision, and Pillow's resampling as matrices."""

import io
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from finercam_core.images.decoder import load_pixels
from finercam_core.images.faults import ImageError
from finercam_core.images.preparation import Preparation
from finercam_core.images.resampling import resampling_weights

Encoded = npt.NDArray[np.uint8]
Decode = Callable[[list[torch.Tensor], torch.device], list[torch.Tensor]]


def nvjpeg(files: list[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Decode JPEGs, uint8 tensors of their bytes, to uint8 tensors (3, H, W) on the device."""
    from torchvision.io import ImageReadMode, decode_jpeg

    # For the whole process: a context of warnings, left in one thread, puts the filters of all the others back.
    warnings.filterwarnings("ignore", message="The image decoding and encoding capabilities of TorchVision")
    decoded: list[torch.Tensor] = decode_jpeg(files, mode=ImageReadMode.RGB, device=device)
    return decoded


def on_device(
    files: Sequence[Encoded], preparation: Preparation, device: torch.device, decode: Decode | None = None
) -> list[torch.Tensor | ImageError]:
    """The model's input for each JPEG, uint8 (height, width, 3) on the device, as `load_pixels` would give it.

    A file that the device's decoder refuses goes to Pillow, which says what is wrong with it.

    Parameters
    ----------
    files : sequence of uint8 array (n,)
        Bytes of plain JPEGs, see `finercam_core.images.decoder.load_encoded`.
    preparation : Preparation
    device : torch.device
    decode : callable, optional
        `nvjpeg` by default.
    """
    decode = decode or nvjpeg
    tensors = [torch.from_numpy(file) for file in files]
    try:
        pictures: list[torch.Tensor | None] = list(decode(tensors, device)) if tensors else []
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # one broken file fails the whole call
        pictures = [_alone(tensor, device, decode) for tensor in tensors]
    return [
        _by_pillow(file, preparation, device) if picture is None else resized(picture, preparation)
        for file, picture in zip(files, pictures, strict=True)
    ]


def _alone(file: torch.Tensor, device: torch.device, decode: Decode) -> torch.Tensor | None:
    try:
        return decode([file], device)[0]
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        return None


def _by_pillow(file: Encoded, preparation: Preparation, device: torch.device) -> torch.Tensor | ImageError:
    try:
        pixels = load_pixels("a JPEG", preparation, source=io.BytesIO(file.tobytes()))
    except ImageError as error:
        return error
    return torch.from_numpy(pixels).to(device)


def resized(picture: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    """`Preparation.resize` of an RGB picture, uint8 (3, H, W), on its device: uint8 (height, width, 3)."""
    height, width = (int(side) for side in picture.shape[1:])
    x, y = preparation.placement((width, height))
    across = _weights(x.inner, x.start, x.stop, width, preparation.interpolation, picture.device)
    down = _weights(y.inner, y.start, y.stop, height, preparation.interpolation, picture.device)
    values = picture.to(torch.float32)
    narrow = _rounded(values @ across.T)  # Pillow rounds between the two as well
    inner = _rounded(down @ narrow).to(torch.uint8).permute(1, 2, 0)
    if (x.inner, y.inner) == (preparation.width, preparation.height):
        return inner
    if preparation.colour_around is None:
        rows = (torch.arange(preparation.height, device=picture.device) - y.before).clamp(0, y.inner - 1)
        columns = (torch.arange(preparation.width, device=picture.device) - x.before).clamp(0, x.inner - 1)
        return inner[rows][:, columns]
    result = torch.tensor(preparation.colour_around, dtype=torch.uint8, device=picture.device)
    result = result.expand(preparation.height, preparation.width, 3).clone()
    result[y.before : y.before + y.inner, x.before : x.before + x.inner] = inner
    return result


def _rounded(values: torch.Tensor) -> torch.Tensor:
    return values.clamp(0, 255).add(0.5).floor()


@lru_cache(maxsize=64)
def _weights(
    pixels: int, start: float, stop: float, length: int, interpolation: str, device: torch.device
) -> torch.Tensor:
    """Kept for the sizes of photographs that come again and again."""
    return torch.from_numpy(resampling_weights(pixels, start, stop, length, interpolation)).to(device)
