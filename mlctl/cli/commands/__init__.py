"""One module a command: options to a request, the verb, its rendering."""
