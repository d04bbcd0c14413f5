"""The core: what a message is, what was found in it, what is done with it.

Nothing here imports Django, Celery or settings, or reads a clock or opens a socket that it was not
handed. Look (``filters``), decide (``pipeline.decide``) and change (``edits``) never mix.
"""
