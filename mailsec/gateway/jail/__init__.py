"""Containers opened in short-lived processes that can do nothing else.

A worker that meets a container starts one clean helper (``zygote``), which forks a process for each
container (``child``): no network, no files, no environment, little memory and time. The worker's
side is ``opener.Jail``. Why it is built like this: docs/decisions/0011-containers.md.
"""
