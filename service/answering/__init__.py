"""How each kind of answer is made. Only service.answers calls these."""
