"""The refusal to pack."""


class Unpackable(ValueError):
    """A candidate that cannot train together with others exactly; says which and why. It trains alone.

    Attributes:
        candidate: Its number among those that were to be packed.
    """

    def __init__(self, reason: str, candidate: int = 0) -> None:
        super().__init__(reason)
        self.candidate = candidate
