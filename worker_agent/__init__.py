"""The agent: the program on the node that runs jobs. Standard library only, Linux only.

main.py        options, the lock, start and stop
supervisor.py  the main loop: starts, watches and ends jobs
link.py        the held call to the server
shipping/      bytes and outcomes to the server
"""
