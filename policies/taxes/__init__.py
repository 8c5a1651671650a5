"""The rules of a tax year: terms, lots and their relief, wash sales, netting, rates, harvesting."""
