"""How bytes arrive: HTTP, SMTP, files. Each turns them into a `Delivery`, and an `Outcome` into an answer."""
