"""The demo: deliveries of four channels, as their vendors send them, through the real doors of an embedded stack."""
