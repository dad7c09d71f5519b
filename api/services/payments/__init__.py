"""Payments to shoppers: expenses are claimed, fees and expenses approved with the visit, and exported."""
