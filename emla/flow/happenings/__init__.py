"""What a case system is told: the feed, a view over the ledger."""
