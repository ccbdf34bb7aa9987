"""From a request to a response. Is handed a journal and a pointer; knows no store."""
