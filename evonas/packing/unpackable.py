"""The refusal to pack."""


class Unpackable(ValueError):
    """A candidate that cannot train together with others exactly; says which and why. It trains alone."""
