"""``report.html``: one self-contained page with plots and example rankings."""
