"""Names of the files of a results folder."""

from __future__ import annotations

JOURNAL = "journal.sqlite"
REPORT = "report.html"
