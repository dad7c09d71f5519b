"""The terms and rules of mystery shopping. This package imports only the standard library."""
