"""Getting the files of a run to the server, for the agent and for the library's own shipper.

streams.py, documents.py, artifacts.py        how each kind of file is sent, and resumed
target.py      where it goes, and the pace    unreadable.py  a file that cannot be delivered
beneath.py     opening what lies in a folder without following a link out of it
shared_store.py    whether the server sees the very same folder

Of direct runs alone (the agent needs none of these):
shipper.py     the process that delivers a run while its training goes on, and afterwards
direct.py      all that one run has to deliver    mark.py     what a server has of it
server.py      which server that is               opening.py  telling it of the run
trainer.py     whether the training still lives, and the end of one that was killed
"""
