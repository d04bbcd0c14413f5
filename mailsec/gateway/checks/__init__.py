"""Authentication of the sender: SPF, DKIM, DMARC and ARC."""
