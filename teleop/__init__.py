"""Drive, record, correct and evaluate: human-in-the-loop imitation learning on CarRacing-v3."""
