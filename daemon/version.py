"""The version of trimtab: said here once, and the build reads it from here.

A constant, because asking the installed metadata for it takes longer than all of `trimtab --version`.
"""

VERSION = "0.1.0"
