"""What one would write with other libraries for the processor's job, a program each.

`python -m benchmarks.peers.NAME BOOTSTRAP INPUT OUTPUT GROUP FOLDER` reads interactions, drops those that are none and
copies of what it has seen, and writes the others to the output topic under their subject, until it is stopped. Names
that end in `_step` run our own step, with its RocksDB store, within that library.
"""
