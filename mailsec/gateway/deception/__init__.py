"""What the filters for impersonation and phishing share: names, domains, brands and likeness.

Nothing here judges a message; ``filters`` do. The data files hold facts alone: who uses which
domain, who gives out free mailboxes, who counts clicks.
"""
