"""The daily job as a Prefect flow: run once, or served on a cron."""
