"""The report of a backtest: one page that needs no network, its charts drawn here as SVG."""
