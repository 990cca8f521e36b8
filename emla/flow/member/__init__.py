"""What a member of a hub does: collects what waits there and hands it to the journey a direct call would start."""
