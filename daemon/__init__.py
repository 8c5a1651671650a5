"""Top floor: the service, the only room that knows all the others."""
