"""Trackers side by side: the library's calls, and the servers that take and show what was logged.

`side.py` and `libraries/` run in the environments of those who are measured and need the standard library only.
"""
