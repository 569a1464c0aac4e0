"""Getting bytes and outcomes to the server.

shipper.py   the one thread that sends        delivery.py   what one attempt still has to deliver
streams.py, documents.py, artifacts.py        how each kind of file is sent, and resumed
unreadable.py  a file that cannot be delivered
"""
