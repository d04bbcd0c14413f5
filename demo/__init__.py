"""The service on a newcomer's machine: embedded servers, every process, sample mails, a table."""
