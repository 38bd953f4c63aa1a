"""The resolver's shell: evidence comes in, and whose each identifier is goes out.

The rules are the core's (`stream_processors.core.resolve`); here are its store, its order and its versions. One thread
(`loop.py`) works on the shards of this worker, each a partition of `identity.evidence` (`shard.py`) with a store of its
own (`graph.py`, opened by `graphs.py`). Where a shard begins, and under which generation, is decided in `begin.py`;
what goes out passes `emitter.py`; a store is filled anew by `fill.py`. `worker.py` puts it together.
"""
