"""Ground floor: the nouns of a portfolio and their arithmetic; pure, imports nothing of ours."""
