"""A person's own settings: one TOML file, and every way to make sense of it or to say why not."""
