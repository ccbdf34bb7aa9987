"""An opened project: its session, places, versions and names; what every floor above starts from."""
