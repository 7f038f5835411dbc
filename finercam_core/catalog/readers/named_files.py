"""Files that a stranger's description of a collection names: below its folder, or at an address that may be asked."""

from finercam_core.errors import CatalogError
from finercam_core.io.addresses import is_remote, is_url, join, leaves
from finercam_core.io.web.guard import AddressError, WebGuard


def guarded_address(address: str) -> str:
    """An address that may be asked, see `finercam_core.io.web.guard`.

    Raises
    ------
    CatalogError
        It is no plain address of a remote store, or stands for this machine or a private network.
    """
    if not is_remote(address):
        raise CatalogError(f"{address} is not the address of a remote store", "give a folder, or a plain address")
    try:
        WebGuard().check_host(address)
    except AddressError as error:
        if not error.unknown:  # whoever asks says that there is no such host
            raise CatalogError(error.problem, error.remedy) from error
    return address


def named_file(description: str, folder: str, name: str) -> str:
    """Location of a file that a description names.

    Parameters
    ----------
    description : str
        The file that names it, for the message.
    folder : str
        Folder or URL of the description.
    name : str
        A path relative to it, or an address.

    Raises
    ------
    CatalogError
        It lies outside the folder, or as for `guarded_address`.
    """
    if is_url(name):
        return guarded_address(name)
    if not name or leaves(name) or name.startswith(("/", "\\")):
        raise CatalogError(f"{description} names the file {name!r}, outside the collection", "do not trust it")
    return join(folder, name)
