"""emla: the gateway through which states exchange requests for mutual legal assistance.

Read the rooms in the order a package travels them: model, formats, steps, flow; then the edges.
"""

__version__ = "0.1.0"
