"""The SMTP listeners: protocol, authorisation and limits, without Django and without a database."""
