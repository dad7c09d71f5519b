"""The texts of the report in English. A pair of texts is for one and for several."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "decimalMark": ".",
    "thousands": ",",
    "percent": "{n}%",
    "day": "{day} {month} {year}",
    "monthYear": "{month} {year}",
    "fromTo": "{low} to {high}",
    "title": "Score report",
    "period": "{first} to {last}",
    "allChecklists": "All checklists",
    "page": "Page {n} of {of}",
    "score": "Score",
    "interval": "95% interval",
    "visits": "Visits",
    "passed": "Passed",
    "criticalFailures": "Critical failures",
    "change": "Change",
    "month": "Month",
    "months": "Months",
    "section": "Section",
    "sections": "Sections",
    "fundamental": "Fundamental",
    "fundamentals": "Fundamentals",
    "question": "Question",
    "region": "Region",
    "location": "Location",
    "rank": "Rank",
    "pointsLost": "Points lost",
    "ofAll": "{n} of {of}",
    "noVisits": "no visits",
    "tooFewVisits": "too few visits",
    "rose": "clear rise",
    "fell": "clear drop",
    "mayBeChance": "could be chance",
    "tooFewNow": "too few visits",
    "tooFewBefore": "too few visits before",
    "nothingBefore": "nothing to compare with",
    "notComparable": "not comparable",
    "asOf": "As of {day}",
    # The headline
    "headline-none": "There are no accepted visits in this period, so there is no score.",
    "headline-few": (
        "The score comes from only {n} visit. Fewer than {enough} visits are too few to draw conclusions: "
        "the result of an unlimited number of visits could be anywhere from {low} to {high}.",
        "The score comes from only {n} visits. Fewer than {enough} visits are too few to draw conclusions: "
        "the result of an unlimited number of visits could be anywhere from {low} to {high}.",
    ),
    "headline": (
        "The score comes from {n} visit. The result of an unlimited number of visits would probably be "
        "between {low} and {high}.",
        "The score comes from {n} visits. The result of an unlimited number of visits would probably be "
        "between {low} and {high}.",
    ),
    "headline-disputes": "Without disputes, the score would be {before}. Managers usually dispute answers "
    "that lost points, so disputes tend to raise a score.",
    "change-none": "There are no visits in the previous period ({period}) to compare with.",
    "change-more": "That is {points} percentage points more than in the previous period "
    "({before}, {period}). {verdict}",
    "change-less": "That is {points} percentage points less than in the previous period "
    "({before}, {period}). {verdict}",
    "change-same": "That is the same as in the previous period ({period}). {verdict}",
    "verdict-rose": "It is a clear rise: chance alone rarely makes such a difference.",
    "verdict-fell": "It is a clear drop: chance alone rarely makes such a difference.",
    "verdict-mayBeChance": "Chance alone could explain the difference.",
    "verdict-tooFewNow": "There are too few visits to tell whether this is more than chance.",
    "verdict-tooFewBefore": "That period has too few visits to tell whether this is more than chance.",
    "verdict-notComparable": "The visits use different checklists, so the change is not tested.",
    # The months
    "monthsWords": (
        "Chart of the score of {n} month, with its 95% interval. The table below has the figures.",
        "Chart of the scores of {n} months, from {first} to {last}, with their 95% intervals. The lowest "
        "score is {low}, the highest {high}. The table below has the figures.",
    ),
    "monthsLegend": "Lines are 95% intervals. Hollow dots: fewer than {enough} visits.",
    "monthsShown": "The table has the latest {n} of {of} months with visits.",
    # The places
    "regionsBelow": "Regions",
    "locations": "Locations",
    "rankWords": (
        "Scores of {n} location with enough visits.",
        "Scores of the {n} locations with enough visits, best first. The rank is a range, because chance "
        "plays a part: locations with overlapping ranges may differ by chance alone. The dashed line marks "
        "the score of the whole region.",
    ),
    "notRanked": "Locations with fewer than {enough} visits are not ranked. They are listed by code.",
    "mixed": "These visits use different checklists, so locations are listed by code and not ranked.",
    "placesBetween": (
        "{n} more location is between these",
        "{n} more locations are between these",
    ),
    "moreRegions": (
        "{n} more region is not shown.",
        "{n} more regions are not shown.",
    ),
    "moreLocations": (
        "{n} more location is not shown.",
        "{n} more locations are not shown.",
    ),
    # Questions
    "worstQuestions": "Where points were lost",
    "worstWords": "Questions that lost the most points come first.",
    "worstFew": "A question with few visits may be here by chance: look at its interval.",
    "noPointsLost": "No points were lost.",
    "goodAnswer": "Good answer: {answer}",
    "moreQuestions": (
        "{n} more question lost points.",
        "{n} more questions lost points.",
    ),
    "moreSections": (
        "{n} more section is not shown.",
        "{n} more sections are not shown.",
    ),
    # Comments and photos
    "comments": "Comments",
    "noComments": "There are no comments.",
    "latestComments": "The latest {n} of {of} comments, newest day first.",
    "allComments": "All comments, newest day first.",
    "lastWord": "About the visit as a whole",
    "answerPoints": "{earned} of {possible} points",
    "amendment-amended": "amended after a dispute",
    "amendment-set_aside": "set aside after a dispute",
    "amendment-hidden": "not counted after a dispute",
    "photos": "Photos",
    "noPhotos": "There are no photos.",
    "latestPhotos": "The latest {n} of {of} photos, newest day first.",
    "allPhotos": "All photos, newest day first.",
    "photoWords": "Photo taken for the question “{question}”: {caption}",
    "photoOfClosedStore": "The store was closed",
    "photoMissing": "This photo cannot be shown.",
    # How it is computed
    "how": "How these figures are calculated",
    "how-points": (
        "The score is the points earned divided by the points possible, across all accepted visits in the "
        "period: {earned} of {possible} points in {n} visit. Questions that did not apply are in neither "
        "total.",
        "The score is the points earned divided by the points possible, across all accepted visits in the "
        "period: {earned} of {possible} points in {n} visits. Questions that did not apply are in neither "
        "total.",
    ),
    "how-interval": "The 95% interval of whole visits is how far the score could be from the result of an "
    "unlimited number of visits. It is a t interval based on how much the visits vary; two assumed visits "
    "keep it from looking too narrow when there are few.",
    "how-wilson": "The interval of a section, a fundamental or a question is a Wilson interval for the share "
    "of points earned, counting each visit as one trial.",
    "how-indicative": "Fewer than {enough} visits are too few to judge a store by. Such scores are grey, "
    "with a hollow dot, and have no rank.",
    "how-change": "A change is called clear if both periods have at least {enough} visits of one checklist, "
    "and the 95% interval of the difference does not include zero. The previous period has the same length "
    "and ends immediately before this one.",
    "how-rank": "The best possible rank counts the locations whose interval is entirely above that of the "
    "location, the worst possible rank those whose interval is entirely below it.",
    "how-spread": "The score of a visit typically differs from this score by {spread}.",
    "omissions": "What is not included",
    "omissions-visits": "Visits that are not accepted, and visits that found the store closed.",
    "omissions-private": "Questions that are private, with their answers and photos.",
    "omissions-selfChecks": "Self-checks by the staff.",
    "omissions-checklists": "Visits with other checklists than “{title}”.",
    "omissions-shoppers": "Who the shoppers were, and the time of day beyond morning, afternoon, evening or "
    "night.",
    "omissions-months": "Scores are kept by month, so the report covers whole months.",
    "omissions-long": "Long texts are shortened. They end in “…”.",
    "omissions-glyphs": "Characters that the fonts of this document lack are shown as “�”.",
    "docs": "The formulas, a worked example and the sources are in the documentation of the program, under "
    "“How scores are calculated”.",
    # Answers
    "yes": "Yes",
    "no": "No",
    "notApplicable": "Does not apply",
    "scaleOf": "{value} of {maximum}",
    "upTo": "up to {time}",
    "over": "over {time}",
    "seconds": "{n} s",
    "minutes": "{time} min",
    "hours": "{time} h",
    "or": "{first} or {last}",
    "part-night": "night",
    "part-morning": "morning",
    "part-afternoon": "afternoon",
    "part-evening": "evening",
}

#: The titles of the fundamentals; those of ``domain/fundamentals.py`` are English.
FUNDAMENTALS: dict[str, str] = {}
