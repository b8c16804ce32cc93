"""What a campaign looks like: one self-contained HTML page, which opens without a network, and the terminal's views.

- ``page.py``: ``write_report``, the only thing that callers need.
- ``contents.py``, ``trial_cards.py``: what the page says, section by section and trial by trial.
- ``honesty.py``: the predictor's out-of-sample record. ``progress.py``: hypervolume, and the random-search estimate.
  ``statistics.py``: counts, times, the retrained front. Pure functions of a ``Record`` or an ``Archive``.
- ``wording.py``: figures and facts in words.
- ``front_figures.py``, ``figures.py``, ``figure_style.py``: the charts, as plain plotly figures.
- ``live.py``, ``lines.py``, ``views.py``, ``watching.py``: a running campaign in the terminal.
- ``template.html.j2``, ``style.css``, ``script.js``: the page itself.
"""

from evonas.report.page import ReportError, write_report

__all__ = ["ReportError", "write_report"]
