"""What stands between episodes: ready, the countdown, the summary of a lap, and a failure's last word."""
