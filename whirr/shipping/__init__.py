"""Getting the files of a run to the server, for the agent and for the library's own shipper.

streams.py, documents.py, artifacts.py        how each kind of file is sent, and resumed
target.py      where it goes, and the pace    unreadable.py  a file that cannot be delivered
beneath.py     opening what lies in a folder without following a link out of it
"""
