"""The processes of the service: SMTP listeners and Celery tasks, one thin module per stage."""
