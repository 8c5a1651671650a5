"""The schema's history. A revision is written by hand and never changed once released."""
