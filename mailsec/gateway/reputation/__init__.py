"""What is thought of an SMTP client before it hands over a mail, as values and pure functions."""
