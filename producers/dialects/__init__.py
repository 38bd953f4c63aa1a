"""What adapters are made of, where one file would not hold it: pieces of vendors' and protocols' dialects, all pure."""
