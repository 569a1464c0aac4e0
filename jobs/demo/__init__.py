"""Demo data: thirty made-up runs that a click brings and a click removes.

Everything goes through the functions that agents and people use, so rows and files are what real runs leave, and
a rebuild finds nothing odd about them.
"""

from jobs.demo.marks import Demo as Demo
from jobs.demo.marks import there as there
