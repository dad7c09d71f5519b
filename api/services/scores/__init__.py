"""Scores: how they are stored, recounted, and read.

    results.py          the score of one visit, as it is stored with its revision
    totals.py           adding accepted visits to the stored totals, and removing them
    recount.py          comparing every stored total with a recount
    subjects.py         which checklists count, and the sections and questions that totals refer to
    region_totals.py    adding up the totals of regions, later
    places.py           the locations and regions that a score covers
    coverage.py         the totals that cover many places
    aggregates.py       totals added up over places and months
    children.py         the children of a region, each with its score
    reports.py          the score of a location or a region, with what explains it
    query.py            queries for score rows
    location_visits.py  the visits to locations
    location_table.py   the rows of a table by location
    grouping.py         the rows of any other table: totals grouped by one or two dimensions
    comparing.py        the order, rank, change and worst section of rows
    tables.py           pages of score rows, with the fields that were selected

This file imports nothing. ``schemas/scores.py`` defines the wire format.
"""
