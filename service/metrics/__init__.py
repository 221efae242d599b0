"""One module a metric, each with a METRIC. Tables, URLs, help and pages read the list."""
