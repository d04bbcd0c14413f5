"""The built-in virus engine: what ships with the project, for installations without ClamAV.

``hashes.txt`` knows whole files, ``rules.yar`` knows traits. A new definition goes into one of
them, with a test that shows what it finds and what it leaves alone.
"""
