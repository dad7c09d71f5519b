"""Pure words and rules of mystery shopping; the standard library only."""
