"""The kept set: which of the texts with verified edges stay.

Texts are numbered by their place in the total order. A text is kept unless an earlier kept text has an edge to
it: the lexicographically first independent set. It is one set, whatever the order of rows, files or buckets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    I64 = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]
    States = npt.NDArray[np.int8]

UNDECIDED: Final = 0
KEPT: Final = 1
REMOVED: Final = 2


def settle(states: States, earlier: I64, later: I64, unclear: Bools) -> None:
    """Decide, in place, every text of ``states`` that the edges known so far can decide.

    ``earlier[i] < later[i]`` are the ends of edge i. A text that is ``unclear`` may have edges to earlier texts
    that are still to be found: it can be removed, but not kept yet. Each round removes what a kept text has an
    edge to, then keeps what no undecided earlier text has an edge to; with nothing unclear, it ends with every
    text decided, in as many rounds as the longest chain of edges along which decisions depend on each other.
    """
    while True:
        open_edges = states[later] == UNDECIDED
        earlier, later = earlier[open_edges], later[open_edges]
        states[later[states[earlier] == KEPT]] = REMOVED
        waiting = unclear | (states != UNDECIDED)
        waiting[later[states[earlier] == UNDECIDED]] = True
        if waiting.all():
            return
        states[~waiting] = KEPT
