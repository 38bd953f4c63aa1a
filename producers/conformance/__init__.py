"""The conformance suite that every adapter must pass, and the recorded deliveries that it works from."""
