"""The journal: what was meant, seen, decided and done, committed before anything leaves a step."""
