"""The agent: the program on the node that runs jobs. Standard library only, Linux only.

main.py        reads the options; launch.py starts the same process anew, and smaller
resident.py    what that one does: the lock, the guard, start and stop
supervisor.py  the main loop: starts, watches and ends jobs
link.py        the held call to the server
shipping/      bytes and outcomes to the server
"""
