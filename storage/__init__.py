"""The one database behind every store: SQLite by default, PostgreSQL through the same code."""
