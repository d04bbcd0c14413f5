"""What outbound mail is treated by: whom it is for, which rule meets it, what is risky about it."""
