"""What a hub does: mailboxes for members that cannot be reached, of which it can read nothing."""
