"""Windows, statistics, alarms. Is handed tables; knows no store."""
