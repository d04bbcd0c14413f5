"""The processes of the service: the SMTP listeners and the Celery tasks, one thin module per stage."""
