"""What the journal says when it cannot be read or written."""

from __future__ import annotations


class JournalError(RuntimeError):
    """The journal cannot be opened, read or written; the message says the rule, the path and the remedy."""
