"""Evaluations as documents: Markdown for a review, one self-contained HTML page with plots."""
