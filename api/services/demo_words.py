"""What people of the demo say: parts of sentences, from which the dice put together many."""

from collections.abc import Mapping, Sequence

#: what a reviewer decides: the decision, his reason, and his reasons by question
DECISIONS: Mapping[str, tuple[str, str | None, Mapping[str, str] | None]] = {
    "reviewed": ("accept", None, None),
    "late": ("accept", "The shopper had told us that he would be late.", None),
    "rejected": ("reject", "The answers are about another store.", None),
    "returned": (
        "return",
        "You were very quick. Please go through your answers once more and say how the visit went.",
        {"story": "Tell us what you asked for, and what they said to it."},
    ),
}

_WANTED = (
    "I asked about a rain jacket.",
    "I was looking for a birthday present.",
    "I wanted a pair of deck shoes.",
    "I needed a new kettle for the boat.",
    "I asked for help with a backpack.",
    "I came in for a thermos flask.",
    "I wanted a gift for a friend who sails.",
    "I was after a warm jumper.",
    "I asked which torch would last longest.",
    "I needed something to keep my phone dry.",
)
_SERVED: Mapping[str, Sequence[str]] = {
    "good": (
        "The person at the counter put the list down and came over at once.",
        "I was asked what I needed it for before anything was shown to me.",
        "Two were laid side by side and the difference was explained plainly.",
        "The answer was short, honest and just what I needed.",
        "I was told that the cheaper one would do, which I liked.",
        "My size was missing, so they rang another store without my asking.",
        "It felt like a chat with somebody who uses these things.",
        "Nothing was pushed on me and every question got an answer.",
    ),
    "fair": (
        "The advice was right, though I had to go and find someone.",
        "Somebody helped me after a while and knew the shelf by heart.",
        "I was shown one of them and then left to decide.",
        "The answer was correct but came over the shoulder.",
        "One of the staff was busy with boxes, the other one helped.",
        "It was polite, and a little rehearsed.",
        "They knew the price and had to look up the rest.",
        "I got a fair answer between two other customers.",
    ),
    "poor": (
        "Two people were talking behind the counter and went on doing so.",
        "I was pointed to the back of the store without a look.",
        "I was told that the system decides what they have.",
        "Nobody asked what I needed it for.",
        "The first thing they offered had little to do with my question.",
        "I stood at the till for some time before anyone came.",
        "I was told to look on the website instead.",
        "The answer began with a sigh.",
    ),
}
_LEFT: Mapping[str, Sequence[str]] = {
    "good": (
        "I would go again.",
        "I left with a smile.",
        "I was thanked as if it mattered.",
        "I was wished a good day, and it was meant.",
        "The door was held for me.",
        "I bought more than I had planned.",
    ),
    "fair": (
        "All in all a decent visit.",
        "I got what I came for.",
        "It could have been a little warmer.",
        "I would go again if I passed by.",
        "Nothing to complain about.",
        "The thanks came while looking at the screen.",
    ),
    "poor": (
        "I left without buying.",
        "Nobody said goodbye.",
        "I would try elsewhere next time.",
        "I felt rather in the way.",
        "The receipt was put on the counter without a word.",
        "It was not unkind, only absent.",
    ),
}
_RETURNED = (
    "The zip of my jacket had gone after a week.",
    "One of the two shoes was a size smaller.",
    "The lamp in the box was not the one on the label.",
    "The flask leaked from the first day.",
    "I had changed my mind about a present.",
    "The seam of a bag had come undone.",
)
_RANG = (
    "I rang to ask whether they mend zips.",
    "I asked on the phone for a size in stock.",
    "I rang about the opening hours on a holiday.",
    "I wanted to know whether they could put a jacket aside.",
    "I rang to ask about a delivery to a marina.",
    "I asked which life jacket fits a child.",
)
_WROTE = (
    "I asked in writing whether a colour would come back.",
    "I wrote about a spare part for a lantern.",
    "I asked how to wash a waxed coat.",
    "I wrote to ask about gift cards.",
    "I asked whether they take old rope back.",
    "I wanted to know how long a repair takes.",
)
_ANSWERED: Mapping[str, Sequence[str]] = {
    "good": (
        "I had a clear answer and felt in good hands.",
        "It was settled in one go, and kindly.",
        "They thought along and told me what happens next.",
        "I could tell that a person had read and listened.",
        "They offered more than I had asked for.",
    ),
    "fair": (
        "It was settled, if not very warmly.",
        "I had my answer after one more question.",
        "The answer was right and rather short.",
        "It took a little longer than I had hoped.",
        "They were polite and a bit in a hurry.",
    ),
    "poor": (
        "I was sent from one to the next.",
        "I still do not know what will happen.",
        "It sounded read out from a card.",
        "In the end I gave up asking.",
        "It seemed to be everybody's fault but theirs.",
    ),
}
_BETTER = (
    "Look up when somebody comes in, even with boxes in our arms.",
    "Ring back on the same day, whoever took the call.",
    "Leave the till to say thank you at the door.",
    "Ask what it is for before we go to the shelf.",
    "Have two people at the front on Saturdays.",
    "Write down names when customers give them.",
    "Say sorry first and look for the reason later.",
    "Tell each other what we promised before the shift ends.",
)
_WHEN = (
    "We keep forgetting it when it is full.",
    "It went well on some days.",
    "Everybody agreed on it.",
    "We tried it once already.",
    "It costs nothing.",
    "Next week we start with it.",
)


def parts(checklist: str, mood: str) -> Sequence[Sequence[str]]:
    """Return the sentences to choose one from, one after the other, for a visit of some mood."""
    match checklist:
        case "self-check":
            return _BETTER, _WHEN
        case "telephone-call":
            return _RANG, _ANSWERED[mood], _LEFT_OUT
        case "message":
            return _WROTE, _ANSWERED[mood], _LEFT_OUT
        case "problem-and-return":
            return _RETURNED, _ANSWERED[mood], _LEFT_OUT
        case _:
            return _WANTED, _SERVED[mood], _LEFT[mood]


_LEFT_OUT = (
    "That is all there was to it.",
    "I kept my notes short.",
    "I had no other question.",
    "Nothing else stood out.",
)

#: why points were lost, by question; each is followed by a detail
REASONS: Mapping[str, Sequence[str]] = {
    "repeated": (
        "I had to say my size twice",
        "The question had to be put again",
        "A second colleague asked me everything anew",
        "I repeated which model I meant",
        "I said it once to one and once to the other",
        "The first half of my question was lost",
    ),
    "rude": (
        "I was told that I was in the way",
        "There was a remark about people who only look",
        "My question was laughed at",
        "I was cut short",
    ),
    "blame": (
        "The delivery service was blamed for an empty shelf",
        "A colleague on holiday was said to be at fault",
        "The computer was said to be slow again",
        "Head office was blamed for the prices",
        "The customer before me was blamed for the mess",
        "The supplier was said never to send enough",
    ),
    "put-right": (
        "I left with the matter open",
        "They said that they could do nothing",
        "I was asked to come back another day",
        "It was written down and left at that",
    ),
    "proof": (
        "I was asked for the box as well",
        "They wanted to see a bank statement",
        "I had to show how it broke",
        "A form had to be filled in twice",
    ),
    "manager": (
        "A manager had to be fetched",
        "They rang somebody upstairs first",
        "Nobody at the counter was allowed to decide",
        "A key had to be brought by the manager",
    ),
    "promise-kept": (
        "The call never came",
        "It came two days later than they had said",
        "I had to ask for it myself in the end",
        "The part they had promised was not there",
    ),
    "definite-answer": (
        "It was a perhaps and no more",
        "They said that it depends",
        "I was to try again later",
        "They did not want to commit themselves",
    ),
    "settled": (
        "I was asked to come by in person",
        "They were going to find out and let me know",
        "I was given another number to call",
        "The answer was to another question",
    ),
    "asked-again": (
        "They asked for the model that I had written",
        "I was asked for my name although it stood there",
        "They wanted to know what my question was",
        "The order number had to be sent again",
    ),
}
DETAILS = (
    "for no reason that I could see",
    "which took a while",
    "though politely",
    "without a word about it",
    "and it felt careless",
    "and nobody seemed to mind",
    "and then it went on as before",
    "which I had not expected",
    "but it did not last long",
)
#: under 30 characters, so that they may be said again
SHORT_REASONS = ("It simply did not go well", "As I said above", "It took two tries")
