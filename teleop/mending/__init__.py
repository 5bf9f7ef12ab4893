"""What was recorded, driven again: labelled once more, or driven on from any frame."""
