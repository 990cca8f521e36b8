"""Messages and orders to erase that wait for a second person, and messages that went without one."""
