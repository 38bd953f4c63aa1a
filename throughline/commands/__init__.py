"""The commands, one file each or a few that belong together: they parse, call the parts, and print."""
