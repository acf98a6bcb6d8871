"""What the black-box tests share: programs started and stopped (proc), throw-away Postgres servers (pg)."""
