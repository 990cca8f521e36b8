"""Messages that wait for a second person, and those that went without one."""
