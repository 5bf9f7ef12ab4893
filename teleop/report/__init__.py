"""One self-contained HTML page with pictures."""
