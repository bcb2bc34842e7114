"""What people read: narrative, report, dashboard, alerts, terminal."""
