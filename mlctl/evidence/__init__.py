"""Evidence: evaluations, what gates and approvals say of them, cards and scores made from the record."""
