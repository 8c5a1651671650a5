"""The simulated exchange behind Alpaca's HTTP and websocket API, for rehearsals and tests."""
