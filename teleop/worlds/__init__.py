"""What is driven: each module is one World."""
