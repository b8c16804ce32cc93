"""The laws of an encoding: plain functions of a class and a space. ``test_encoding_laws.py`` runs them over all."""

import pickle

import numpy as np
from branching_space import relabelled

from spaces import Architecture, Space
from surrogates import Encoding

Kind = type[Encoding]


def samples(space: Space, count: int, seed: int = 0) -> list[Architecture]:
    rng = np.random.default_rng(seed)
    return [space.sample(rng) for _ in range(count)]


def names_are_unique_and_match_the_width(kind: Kind, space: Space) -> None:
    encoding = kind(space)  # type: ignore[call-arg]
    rows = encoding.encode(samples(space, 7))
    assert rows.shape == (7, len(encoding.names))
    assert rows.dtype == np.float32
    assert len(set(encoding.names)) == len(encoding.names)


def no_architectures_give_no_rows(kind: Kind, space: Space) -> None:
    encoding = kind(space)  # type: ignore[call-arg]
    assert encoding.encode([]).shape == (0, len(encoding.names))


def twins_share_their_row(kind: Kind, space: Space) -> None:
    originals = samples(space, 60)
    rng = np.random.default_rng(1)
    shuffled = [relabelled(architecture, rng) for architecture in originals]
    simplified = [space.simplify(architecture) for architecture in originals]
    rows = kind(space).encode(originals)  # type: ignore[call-arg]
    np.testing.assert_array_equal(rows, kind(space).encode(shuffled))  # type: ignore[call-arg]
    np.testing.assert_array_equal(rows, kind(space).encode(simplified))  # type: ignore[call-arg]


def a_row_depends_on_its_architecture_alone(kind: Kind, space: Space) -> None:
    architectures = samples(space, 40)
    together = kind(space).encode(architectures)  # type: ignore[call-arg]
    warm = kind(space)  # type: ignore[call-arg]
    alone = np.vstack([warm.encode([architecture]) for architecture in reversed(architectures)])[::-1]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, warm.encode(architectures))


def callers_may_write_into_the_rows(kind: Kind, space: Space) -> None:
    encoding, architectures = kind(space), samples(space, 5)  # type: ignore[call-arg]
    rows = encoding.encode(architectures)
    before = rows.copy()
    rows += 1
    np.testing.assert_array_equal(encoding.encode(architectures), before)


def a_pickle_gives_the_same_rows(kind: Kind, space: Space) -> None:
    encoding, architectures = kind(space), samples(space, 20)  # type: ignore[call-arg]
    fresh = len(pickle.dumps(encoding))
    rows = encoding.encode(architectures)
    pickled = pickle.dumps(encoding)
    assert len(pickled) <= fresh + 100, "the cache travels with the pickle"
    np.testing.assert_array_equal(pickle.loads(pickled).encode(architectures), rows)


LAWS = (
    names_are_unique_and_match_the_width,
    no_architectures_give_no_rows,
    twins_share_their_row,
    a_row_depends_on_its_architecture_alone,
    callers_may_write_into_the_rows,
    a_pickle_gives_the_same_rows,
)
