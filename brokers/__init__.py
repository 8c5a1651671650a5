"""Second floor: the outside world of trading, each broker behind the one port."""
