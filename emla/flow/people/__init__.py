"""People of this authority: who may do what, tokens, whose case is whose, and what is told of what they read."""
