"""Notes: a small shared notebook with live updates."""
