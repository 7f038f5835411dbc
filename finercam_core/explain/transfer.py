"""Results on their way from the device to the host, while the device goes on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch


class Leaving:
    """Tensors that are being copied out; `arrays` waits for them.

    On a GPU the copy goes to pinned memory without stopping the device: start the next batch before asking for
    the arrays. On a CPU there is nothing to copy.

    Parameters
    ----------
    tensors : sequence of tensor
        Detached; they may be freed at once.
    """

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._hosts = [_to_host(tensor) for tensor in tensors]
        self._event: torch.Event | None = None
        if any(tensor.is_cuda for tensor in tensors):
            self._event = torch.cuda.current_stream().record_event()

    def arrays(self) -> list[npt.NDArray[np.generic]]:
        """The values, in the order of the tensors, once all have arrived."""
        if self._event is not None:
            self._event.synchronize()
        return [host.numpy() for host in self._hosts]


def _to_host(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_cuda:
        return tensor.detach().cpu()
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor.detach(), non_blocking=True)
