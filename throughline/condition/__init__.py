"""What runs and what is wrong, as the parts tell it: metrics come in, findings that name the runbook's sections go out.

`scrape` asks the parts; `findings` judges, without I/O; `throughline status` prints.
"""
