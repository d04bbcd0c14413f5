"""Password-protected ZIP archives of a mail's attachments: names, password, bytes (product, 7)."""
