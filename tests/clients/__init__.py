"""Official SDKs against a running `throughline serve`, counted to the last interaction."""
