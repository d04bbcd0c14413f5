"""The processes: listeners, Celery tasks and the operator's shell. No models."""
