"""What the expert holds: each module is one Device."""
