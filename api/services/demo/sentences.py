"""The texts of the demo: parts of sentences, and the writer that combines them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

#: What a reviewer asks the shopper of a visit, by its outcome.
MESSAGES: Mapping[str, str] = {
    "returned": "Which entrance did you use? This store has two.",
    "late": "Was the store still fully staffed when you came?",
}
#: What the shopper has answered, by the outcome of a visit.
ANSWERS: Mapping[str, str] = {"late": "Yes, all three tills were open."}
#: What a reviewer writes to the shopper with their decision, by the outcome of a visit.
WORDS_TO_SHOPPER: Mapping[str, str] = {
    "rejected": "Your answers describe another store, so we could not accept them."
}
#: What a reviewer decides by the outcome of a visit: the decision, its reason, and its reasons by question.
DECISIONS: Mapping[str, tuple[str, str | None, Mapping[str, str] | None]] = {
    "reviewed": ("accept", None, None),
    "late": ("accept", "The shopper had let us know about the delay.", None),
    "rejected": ("reject", "The answers are about another store.", None),
    "returned": (
        "return",
        "You were very quick. Please check your answers again and describe how the visit went.",
        {"story": "Tell us what you asked for and what the staff replied."},
    ),
}

_WISHES = (
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
_SERVICE: Mapping[str, Sequence[str]] = {
    "good": (
        "The person at the counter put the list down and came over at once.",
        "I was asked what I needed it for before anything was shown to me.",
        "Two were laid side by side and the difference was explained clearly.",
        "The answer was short, honest and just what I needed.",
        "I was told that the cheaper one would do, which I liked.",
        "My size was missing, so they rang another store without my asking.",
        "It felt like a chat with someone who uses these things.",
        "Nothing was pushed on me and every question got an answer.",
    ),
    "fair": (
        "The advice was right, though I had to go and find someone.",
        "Someone helped me after a while and knew the range by heart.",
        "I was shown one of them and then left to decide.",
        "The answer was correct, but given without turning round.",
        "One of the staff was busy with boxes, the other one helped.",
        "It was polite, and a little rehearsed.",
        "They knew the price and had to look up the rest.",
        "I got a fair answer between two other customers.",
    ),
    "poor": (
        "Two people were talking behind the counter and did not stop.",
        "I was pointed to the back of the store without a look.",
        "I was told that the system decides what they stock.",
        "Nobody asked what I needed it for.",
        "The first thing they offered had little to do with my question.",
        "I stood at the till for some time before anyone came.",
        "I was told to look on the website instead.",
        "The answer began with a sigh.",
    ),
}
_ENDINGS: Mapping[str, Sequence[str]] = {
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
_RETURNS = (
    "The zip of my jacket had gone after a week.",
    "One of the two shoes was a size smaller.",
    "The lamp in the box was not the one on the label.",
    "The flask leaked from the first day.",
    "I had changed my mind about a present.",
    "The seam of a bag had come undone.",
)
_CALLS = (
    "I rang to ask whether they repair zips.",
    "I asked on the phone for a size in stock.",
    "I rang about the opening hours on a holiday.",
    "I wanted to know whether they could put a jacket aside.",
    "I rang to ask about a delivery to a marina.",
    "I asked which life jacket fits a child.",
)
_MESSAGES = (
    "I asked in writing whether a colour would come back.",
    "I wrote about a spare part for a lantern.",
    "I asked how to wash a waxed coat.",
    "I wrote to ask about gift cards.",
    "I asked whether they take old rope back.",
    "I wanted to know how long a repair takes.",
)
_REPLIES: Mapping[str, Sequence[str]] = {
    "good": (
        "I had a clear answer and felt in good hands.",
        "It was settled in one go, and kindly.",
        "They understood the problem and told me what would happen next.",
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
        "I was passed from one person to the next.",
        "I still do not know what will happen.",
        "It sounded read out from a card.",
        "In the end I gave up asking.",
        "It seemed to be everyone's fault but theirs.",
    ),
}
_IMPROVEMENTS = (
    "Look up when someone comes in, even with boxes in our arms.",
    "Ring back on the same day, whoever took the call.",
    "Leave the till to say thank you at the door.",
    "Ask what it is for before we go to the shelf.",
    "Have two people at the front on Saturdays.",
    "Write down names when customers give them.",
    "Say sorry first and look for the reason later.",
    "Tell each other what we promised before the shift ends.",
)
_PROSPECTS = (
    "We keep forgetting it when it is full.",
    "It went well on some days.",
    "Everyone agreed on it.",
    "We tried it once already.",
    "It costs nothing.",
    "We start next week.",
)


_CLOSINGS = (
    "There was nothing more to it.",
    "I kept my notes short.",
    "I had no other question.",
    "Nothing else stood out.",
)

#: Why points were lost, by question. One of ``_DETAILS`` follows.
_REASONS: Mapping[str, Sequence[str]] = {
    "repeated": (
        "I had to say my size twice",
        "I had to ask the question again",
        "A second colleague asked me everything again",
        "I repeated which model I meant",
        "I had to explain it to two people",
        "Only half of my question was heard",
    ),
    "rude": (
        "I was told that I was in the way",
        "There was a remark about people who only look",
        "My question was laughed at",
        "I was cut short",
    ),
    "blame": (
        "The delivery service was blamed for an empty shelf",
        "A colleague on holiday was blamed",
        "The computer was blamed for being slow",
        "Head office was blamed for the prices",
        "The customer before me was blamed for the mess",
        "The supplier was blamed for never sending enough",
    ),
    "put-right": (
        "I left with the matter open",
        "They said that they could do nothing",
        "I was asked to come back another day",
        "They wrote it down and left it at that",
    ),
    "proof": (
        "I was asked for the box as well",
        "They wanted to see a bank statement",
        "I had to show how it broke",
        "A form had to be filled in twice",
    ),
    "manager": (
        "A manager had to be fetched",
        "They rang someone upstairs first",
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
        "All I got was a perhaps",
        "They said that it depends",
        "I was asked to try again later",
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
        "I was asked for my name although it was in my message",
        "They wanted to know what my question was",
        "The order number had to be sent again",
    ),
}
_DETAILS = (
    "for no reason that I could see",
    "which took a while",
    "though politely",
    "without a word about it",
    "and it felt careless",
    "and nobody seemed to mind",
    "and then it carried on as before",
    "which I had not expected",
    "but it did not last long",
)
#: Under 30 characters: comments this short may repeat without being flagged.
_SHORT_REASONS = ("It simply did not go well", "As I said above", "It took two tries")

#: A store of at least this quality is described in these words.
_MOODS = ((0.82, "good"), (0.66, "fair"), (float("-inf"), "poor"))
#: A long text that repeats would be flagged, so the writer tries as often as this to find a new one.
_ATTEMPTS = 20


class Writer:
    """Writes texts. No long text is written twice."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._written: set[str] = set()
        self._stories: list[str] = []

    def write_story(self, checklist: str, quality: float) -> str | None:
        """Return a text about a visit, or ``None`` if there is no new one."""
        mood = next(mood for lowest, mood in _MOODS if quality > lowest)
        parts = _get_parts(checklist, mood)
        story = self._find_new(lambda: " ".join(self._rng.choice(part) for part in parts))
        if story and checklist == "store-visit":
            self._stories.append(story)
        return story

    def write_reason(self, question: str) -> str:
        """Return why a question lost points."""
        reasons = _REASONS[question]
        reason = self._find_new(lambda: f"{self._rng.choice(reasons)}, {self._rng.choice(_DETAILS)}.")
        return reason or f"{self._rng.choice(_SHORT_REASONS)}."

    def get_earlier_story(self) -> str:
        """Return the story of another store visit."""
        return self._stories[len(self._stories) // 2]

    def _find_new(self, write: Callable[[], str]) -> str | None:
        for _ in range(_ATTEMPTS):
            text = write()
            if text not in self._written:
                self._written.add(text)
                return text
        return None


def _get_parts(checklist: str, mood: str) -> Sequence[Sequence[str]]:
    """Return the lists of sentences that a text is made of: one sentence from each list, in order."""
    match checklist:
        case "self-check":
            return _IMPROVEMENTS, _PROSPECTS
        case "telephone-call":
            return _CALLS, _REPLIES[mood], _CLOSINGS
        case "message":
            return _MESSAGES, _REPLIES[mood], _CLOSINGS
        case "problem-and-return":
            return _RETURNS, _REPLIES[mood], _CLOSINGS
        case _:
            return _WISHES, _SERVICE[mood], _ENDINGS[mood]


@dataclass(frozen=True, slots=True)
class DemoDispute:
    """A dispute of the demo about a visit that is at least ``days_ago`` days old.

    It is opened ``opened_after`` days after the visit. ``reasons`` are the kind and the reason by question,
    ``outcomes`` the outcome and its reason, or nothing if it is still open.
    """

    days_ago: int
    opened_after: int
    reasons: Mapping[str, tuple[str, str]]
    outcomes: Mapping[str, tuple[str, str]]


#: The disputes of the demo, the newest first: an open one, an overdue one, and a decided one.
DISPUTES = (
    DemoDispute(
        days_ago=2,
        opened_after=2,
        reasons={"wait": ("fact", "Our camera shows a colleague with them after 20 seconds.")},
        outcomes={},
    ),
    DemoDispute(
        days_ago=11,
        opened_after=2,
        reasons={
            "eye-contact": ("not_applicable", "The colleague was on a ladder and fetched somebody at once."),
        },
        outcomes={},
    ),
    DemoDispute(
        days_ago=30,
        opened_after=2,
        reasons={
            "eye-contact": ("fact", "The colleague remembers the visit and disagrees."),
            "needs": (
                "not_applicable",
                "The customer asked for one particular item as soon as they came in.",
            ),
        },
        outcomes={
            "eye-contact": ("kept", "Nothing in the visit contradicts what the shopper noticed."),
            "needs": ("set_aside", "The story supports this, so there was nothing to ask."),
        },
    ),
)
