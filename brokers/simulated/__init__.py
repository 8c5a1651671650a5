"""An honest exchange in memory: fills, fees, partial fills, rejects and settlement."""
