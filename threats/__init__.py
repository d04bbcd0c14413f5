"""What the service knows of files, whoever received them (public schema)."""
