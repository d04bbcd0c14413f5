"""Celery tasks, one thin module a stage: fetch, call one service or core function, save."""
