"""Messages to people: e-mail, chat, or whatever else an Apprise URL reaches."""

import os

VARIABLE = "FINERCAM_NOTIFY"


def notify(title: str, text: str) -> bool:
    """Send a message to every address in the environment variable ``FINERCAM_NOTIFY``; without one do nothing.

    Parameters
    ----------
    title, text : str

    Returns
    -------
    bool, False if an address could not be reached or is none.
    """
    addresses = os.environ.get(VARIABLE, "").split()
    if not addresses:
        return True
    from apprise import Apprise

    sender = Apprise()
    refused = [address for address in addresses if not sender.add(address)]
    return bool(sender.notify(title=title, body=text)) and not refused
