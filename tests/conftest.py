"""How properties are tried: never against the clock, and the same examples in every run of CI."""

import os

from hypothesis import settings

settings.register_profile("trimtab", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("trimtab")
