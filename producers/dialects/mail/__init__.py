"""Reading mail: bytes of RFC 5322 and MIME come in, plain values go out; no Kafka, no clock, no sockets.

The structure is the standard library's, in its older form (policy compat32): the newer one raises on many broken
headers and takes seconds for 20 KB of quotes or dots. Headers, charsets and HTML are read here, in linear time.
"""
