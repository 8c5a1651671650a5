"""What keeps a service of years sound: backups, restores, cross-checks, chores, reminders."""
