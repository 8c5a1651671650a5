"""One module for each revision; Alembic reads `revision` and `down_revision` in it."""
