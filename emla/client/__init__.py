"""The Python client of the authority API: what the command line, and a case system in Python, talk to a
server with.
"""

from emla.client.client import Client
from emla.client.upload import OpenPart, PartFile

__all__ = ["Client", "OpenPart", "PartFile"]
