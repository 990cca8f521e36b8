"""What two gateways compare so that both hold the same record, and what follows when they do not."""
