"""Second floor: the same decision over history, what came of it in figures, and the report."""
