"""Getting bytes and outcomes to the server; how each kind of file is sent stands in `whirr.shipping`.

shipper.py   the one thread that sends        delivery.py   what one attempt still has to deliver
lookout.py   the one that looks when logs grow
delivered.py, room.py                         what may be deleted where the disk gets full
"""
