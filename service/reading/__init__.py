"""How a question is read: periods, names, intents. It counts nothing and needs no database."""
