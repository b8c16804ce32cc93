"""The refusal to pack."""


class Unpackable(ValueError):  # noqa: N818 - an answer, to which the caller trains one at a time
    """A candidate that cannot train together with others exactly; says which and why. It trains alone."""
