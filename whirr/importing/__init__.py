"""Runs of other trackers, and exported ones, as ordinary run folders. Standard library only.

An importer yields a `Source` for each run that it finds; `folders.take` writes it. The server adopts such folders like
those of any direct run, and `whirr sync` delivers them.
"""
