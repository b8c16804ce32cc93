"""Training several different networks as one program, exactly.

On a large GPU a small network is bound by the launches of its kernels. Here the networks of K candidates are traced to
operations, operations that compute the same on the same shapes are put side by side as one grouped operation, and the
whole step can be captured in a CUDA graph.

    pack = Pack(models, example)
    optimiser = torch.optim.SGD(pack.parameters(), lr=0.1, momentum=0.9)
    losses = torch.vmap(cross_entropy)(pack(inputs), targets)      # (K,), each of its own batch
    losses.sum().backward()
    pack.clip_gradients(1.0)                                        # each candidate's own norm
    optimiser.step()
    pack = pack.repacked(staying=[0, 2], optimiser=optimiser)       # the others are finished
    pack.hand_back()                                                # to the models, as if each had trained alone

- ``pack.py``: ``Pack``, the networks as one module. Behind it: ``_operations.py`` traces, ``_schedule.py`` orders,
  ``_program.py`` runs, ``_layers.py`` joins layers.
- ``unpackable.py``: ``Unpackable``, the refusal of what would not be exact; such a candidate trains alone.
- ``captured_step.py``: ``CapturedStep``, a step as one CUDA graph.
- ``memory.py``: how many candidates fit, by the measured memory of a dry step.
"""

from evonas.packing.captured_step import CapturedStep, ready_to_capture
from evonas.packing.memory import first_that_fit, free_bytes, peak_bytes
from evonas.packing.pack import Pack
from evonas.packing.unpackable import Unpackable

__all__ = ["CapturedStep", "Pack", "Unpackable", "first_that_fit", "free_bytes", "peak_bytes", "ready_to_capture"]
