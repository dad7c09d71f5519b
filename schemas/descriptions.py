"""Descriptions of fields, by name, for the OpenAPI document.

A name has the same meaning in nearly every schema. A field's own ``metadata={"description": …}`` takes
precedence. The document adds the default of a field to its description.
"""

from collections.abc import Iterable, Mapping

from api.domain.access import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from api.domain.times import FIRST_YEAR, LAST_YEAR

_PASSWORD_RULES = (
    f"{MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters. Common passwords, the person's own email "
    "address and the name of the organization are rejected."
)
_BY_NAME: Mapping[str, str] = {
    # accounts
    "access_token": "Send it as `Authorization: Bearer …`.",
    "cookies": "Whether to send the tokens in HttpOnly cookies only, for pages in a browser. The "
    "response is then 204.",
    "disabled": "Whether the person can no longer log in. Disabling them ends their sessions.",
    "device_token": "Shows at the next login that the person has logged in on this device before, so that "
    "failures of others do not matter. A new password invalidates it.",
    "device": "The browser and its system, such as `Firefox on Windows`. Null if they are not known.",
    "email": "The email address that the person logs in with. It is unique within the organization.",
    "current": "Whether this is the session of the request.",
    "expires_in": "The lifetime of the access token, in seconds.",
    "invitation_expires_at": "When the link of the latest invitation expires. Null if the person has a "
    "password, was never invited, or got another email address since then.",
    "invite": "Whether to invite the person to choose a password.",
    "last_login_at": "When the person last logged in. Null before the first time.",
    "last_used_at": "When tokens of the session were issued last. This happens every few minutes while it is "
    "used.",
    "link": "The link, if no mail server is set. It is returned only this once. Otherwise null.",
    "new_password": f"The new password. {_PASSWORD_RULES}",
    "old_password": "The current password.",
    "organization": "The organization.",
    "password": f"The password. {_PASSWORD_RULES} It is never returned.",
    "refresh_token": "Exchange it once for a new pair of tokens, within 60 days.",
    "role": "What the person may do. Shoppers make visits, managers read the scores of their places, "
    "reviewers decide on visits, and administrators manage the organization.",
    "second_factor": "Whether logins of the person need a code of an authenticator app.",
    "recovery_codes": "The recovery codes. Each replaces a code of the app once. They are returned only "
    "here.",
    "recovery_codes_left": "How many recovery codes were not used yet.",
    "uri": "The same secret as a URI, for a QR code that the app scans.",
    "sent": "Whether the link goes to the person by mail.",
    "token_type": "How to send the access token.",
    "location_ids": "The IDs of the locations that are assigned to a manager. Empty for other roles.",
    "region_ids": "The IDs of the regions that are assigned to a manager, who also sees everything "
    "below them. Empty for other roles.",
    "locations": "The locations that are assigned to the caller. Empty unless they are a manager.",
    "regions": "The regions that are assigned to the caller, who also sees everything below them. "
    "Empty unless they are a manager.",
    # all resources
    "id": "The ID: a random UUID in lowercase. It never changes.",
    "created_at": "When it was added, in UTC.",
    "name": "The name, for people to read.",
    "external_id": "The ID in your own system. Null if you set none.",
    "shared": "Whether everyone in the organization who has the page sees it.",
    "editable": "Whether the caller can change and delete it.",
    "items": "The items of this page, in the order of the list.",
    "next": "The URL of the next page, as in the `Link` header. Null on the last page.",
    # organization and places
    "accent_color": "The colour of the organization's pages, as `#rrggbb`. White text on it must be "
    "readable. Null for the standard colour.",
    "accept_every_minutes": "Visits without flags are accepted together at the end of each period of so many "
    "minutes, so that nobody can tell which ones were sent together. 0 accepts each at once. Null for the "
    "period of the server.",
    "languages": "The languages that checklists are written in, as language tags. The editor offers them.",
    "require_second_factor": "The roles whose people must have a second factor. Until they have set one "
    "up, they can use only their own account.",
    "logo": "The path of the logo, which is a PNG. Null without one.",
    "currency": "The ISO 4217 code of the currency.",
    "default_fee": "What a shopper is paid for a visit, in the smallest unit of the currency. Applies to "
    "visits that are assigned from now on, unless they have a fee of their own. Null for nothing.",
    "max_expenses": "The most that all expenses of a visit can be, in the smallest unit of the currency. "
    "Null or 0 if none are paid.",
    "payment": "What the shopper is paid, if the visit is paid. Otherwise null.",
    "receipts": "The IDs of the photos of receipts.",
    "shopper_name": "The name of the shopper. Null if they were deleted, or if the organization no longer "
    "keeps it.",
    "shopper_email": "The email address of the shopper. Null where `shopper_name` is.",
    "approved_at": "When the last of the amounts was approved, in UTC.",
    "claimed_at": "When the expense was claimed, in UTC.",
    "totals": "The totals of all pages, by currency.",
    "dispute_days": "The number of days after its acceptance for which a visit can be disputed. 0 allows no "
    "disputes.",
    "answer_days": "The number of days in which reviewers should decide a dispute. It is overdue afterwards.",
    "address": "The postal address, on one line or several. Null if it is not known.",
    "closed": "Whether the place is closed permanently. Its history stays. No visit is assigned to a "
    "closed location.",
    "code": "Your own short code, which is unique within the organization.",
    "keep_photos_months": "The number of months after which the photos of a visit are removed, counted from "
    "its day. Null keeps them permanently.",
    "keep_personal_data_months": "The number of months, counted from the day of a visit, after which it is "
    "removed who made it, when exactly and from which position. People who were disabled that long ago "
    "are deleted. Null keeps all of this permanently.",
    "no_visit_alert_days": "The number of days without an accepted visit after which the managers of a "
    "location are alerted by mail. Null never alerts them.",
    "latitude": "Degrees north of the equator (WGS 84), from −90 to 90. Null if it is not known.",
    "lockout_days": "The minimum number of days between two visits of one shopper to the same "
    "location. 0 allows any number of visits.",
    "longitude": "Degrees east of Greenwich (WGS 84), from −180 to 180. Null if it is not known.",
    "parent_id": "The ID of the region that this region is part of. Null at the top.",
    "phone": "The telephone number as people write it. Null if it is not known.",
    "region_id": "The ID of the region that the location is in.",
    "time_zone": "The name of the location's time zone in the IANA database, such as `Europe/London`. "
    "Days and months of its visits are in this zone.",
    "location": "The location.",
    "region": "The region.",
    "accuracy_m": "The radius, in metres, within which the phone expects to be. Null if it is not known.",
    # checklists
    "bands": "For `duration`: the points by time needed, in ascending order of `up_to`.",
    "changed_at": "When the change was made, in UTC.",
    "channel": "How the visit is made: `in_person`, `telephone`, `message`, or `self_check` by the "
    "store's own people. Self-checks count in scores only where their checklist is named.",
    "checklist": "The key of the checklist.",
    "checklist_key": "The key of the checklist.",
    "checklist_version": "The version of the checklist that the answers belong to.",
    "comment": "What the shopper wrote about this. Null without a comment.",
    "critical": "Whether losing points on this question is a critical failure, so that the visit does "
    "not pass.",
    "fundamental": "The key of the fundamental of customer service that the question observes. Null if "
    "it observes none.",
    "good_answer": "For `yes_no`: the answer that earns the points, `yes` or `no`.",
    "has_changes": "Whether publishing the draft would create a version.",
    "help": "Further advice for the shopper. Null without advice.",
    "introduction": "What the shopper reads before the first question. Null without an introduction.",
    "is": "The answers that show the question: option keys, `yes` or `no`, or the steps of a scale as text.",
    "key": "The key, which is unique within the checklist and keeps its meaning across versions.",
    "kind": "`daily`: what employees do with each customer. `organization`: what the organization "
    "allows them to do.",
    "label": "The option, as the shopper reads it.",
    "multiple": "For `choice`: whether several options can be chosen.",
    "not_applicable": "Whether the shopper marked the question as not applicable. It then counts in no "
    "score.",
    "only_if": "When to show the question. Null if it is always shown.",
    "options": "For `choice`: the options, in the order in which they are shown.",
    "pass_mark": "The score from which a visit passes, as a proportion from 0 to 1, if it has no "
    "critical failure.",
    "private": "Whether only reviewers and administrators see the answer and its photos. Private "
    "questions have no points.",
    "question": "The key of the question.",
    "question_count": "The number of questions.",
    "questions": "The questions, in the order in which they are asked.",
    "review": "`automatic`: a visit without flags is accepted automatically once its last photo is "
    "stored. `manual`: a reviewer decides on every visit.",
    "scale_points": "For `scale`: the points of each step from `minimum` to `maximum`.",
    "section": "The key of the section.",
    "sections": "The sections, in the order in which they are shown.",
    "text": "The question, as the shopper reads it.",
    "title": "The title, for people to read.",
    "unit": "For `number`: the unit of the value, such as `GBP`. Null without a unit.",
    "up_to": "The longest duration of the band, in whole seconds. Null or omitted in the last band.",
    "version": "The number of the version, from 1.",
    # visits and submissions
    "answers": "The answers, by the key of their question.",
    "clock_shift": "Seconds that were added to the phone's times because its clock was wrong, "
    "otherwise 0. Only for reviewers and administrators.",
    "closes_at": f"The end of the window, in UTC, in the years {FIRST_YEAR} to {LAST_YEAR}. A later "
    "visit is accepted and flagged.",
    "content_sha256": "The SHA-256 of the canonical JSON (RFC 8785) of the body that was sent, in "
    "hexadecimal.",
    "day": "The day of the visit, in the time zone of its location.",
    "decided_at": "When the decision was made, in UTC.",
    "decision": "`accept` counts the visit in the scores, `return` asks the shopper for a corrected "
    "revision, and `reject` ends the visit without a score.",
    "batch_id": "The ID of the batch: the list that the visit was assigned with. Null if it was assigned "
    "alone.",
    "decline_reason": "Why the shopper declined the visit. Null if they did not, or gave no reason.",
    "distance_m": "Metres from the phone's position to the location. Null if either is not known. Only "
    "for reviewers and administrators.",
    "flags": "The reasons to look at the visit: those of its latest revision, and those of earlier "
    "revisions that the latest does not have. Empty without a reason.",
    "make": "The maker of the camera, from the file. Null if the file does not name it.",
    "message_to_shopper": "What the reviewer wrote to the shopper with the decision. Null without a message.",
    "missing": "The IDs of the photos that the answers name and that are not stored yet.",
    "opens_at": f"The start of the window, in UTC, in the years {FIRST_YEAR} to {LAST_YEAR}.",
    "outcome": "`visited`, or `store-closed` if the shopper found the store closed. A visit to a "
    "closed store counts in no score.",
    "last_visit": "The day of the last accepted visit. Null without one.",
    "override_reason": "Why the visit was assigned although the shopper visited the location within the "
    "lock-out days. Null without a reason.",
    "visits_in_progress": "The number of visits that are assigned, submitted or returned.",
    "override": "Whether to assign the visit although the shopper visited the location within the "
    "lock-out days.",
    "part_of_day": "The part of the day in which the visit started, in the time zone of its location: "
    "`night` (0:00 to 6:00), `morning` (6:00 to 12:00), `afternoon` (12:00 to 18:00) or `evening` "
    "(18:00 to 24:00).",
    "photo_id": "The ID of the photo that the flag is about. Null if it is not about a photo.",
    "photos": "The IDs of the photos.",
    "question_reasons": "What to correct, by the key of the question. Null or omitted without such reasons.",
    "reason": "Why, for the shopper to read. Null without a reason.",
    "received_at": "When the server stored the revision, in UTC.",
    "replaces": "The ID of the decision that this decision replaced. Null for the first decision on a "
    "revision.",
    "return_reason": "What the reviewer wrote when they returned the visit. Null unless it was returned.",
    "reviewer_id": "The ID of the reviewer. Null if the visit was accepted automatically.",
    "reviewer_name": "The name of the reviewer. Null if the visit was accepted automatically.",
    "revision": "The number of the revision, from 1.",
    "sha256": "The SHA-256 of the bytes to upload, in lowercase hexadecimal.",
    "shopper": "Who makes the visit. Only reviewers and administrators see them.",
    "shopper_id": "The ID of the person who makes the visit: a shopper, or for a self-check anyone.",
    "submitted_at": "When the revision was received, in UTC.",
    "taken_at": "When the photo was taken, by the phone's clock. Null if it is not known. Only for "
    "reviewers and administrators.",
    "unusable": "The IDs of the photos whose bytes are not a usable picture. They may be declared again.",
    "view": "Which shape of a visit this is. It depends on who asks.",
    "visit_id": "The ID of the visit.",
    "window": "When the visit must be made.",
    "expected": "The number of photos that the answers name.",
    "status": "The status of the visit.",
    "stored": "The number of these photos that are stored.",
    "height": "The height of the stored picture, in pixels. Omitted until it is stored.",
    "width": "The width of the stored picture, in pixels. Omitted until it is stored.",
    "upload": "The request that uploads the bytes. Omitted once the photo is stored.",
    # scores
    "best": "The best rank that the location could have by chance.",
    "worst": "The worst rank that the location could have by chance.",
    "change": "The change since the previous period. Only with `include=change`.",
    "comparison": "What the score is compared with: the score of all visits of the same checklist and "
    "period that the caller may see. Null where `verdict` is null. Only with `include=verdict`.",
    "verdict": "Whether the score is clearly `above` or `below` `comparison`, judged by `verdict_interval`, "
    "or `as_expected`. `too_few`: fewer than 5 visits. Null if the visits use several checklists, or if the "
    "caller may see no other visits to compare with. Only with `include=verdict`.",
    "verdict_interval": "The 98 % interval of the score, which decides the verdict. Null without a score or "
    "a comparison. Only with `include=verdict`.",
    "children": "The regions and then the locations directly below the region, by code, each with its score.",
    "children_next": "The URL of this report with the next children. Null if there are no more.",
    "critical_failures": "The number of visits with at least one critical failure.",
    "difference": "The score of the period minus that of the previous period, from −1 to 1. Null if "
    "either has no score.",
    "high": "The upper end, as a proportion from 0 to 1. For a change, a difference from −1 to 1.",
    "low": "The lower end, as a proportion from 0 to 1. For a change, a difference from −1 to 1.",
    "indicative": "Whether there are fewer than 5 visits: too few to judge by.",
    "interval": "The 95 % interval of the score. Null without a score.",
    "month": "The month, `YYYY-MM`, in the time zone of each location.",
    "months": "The months of the period, in their order.",
    "quarters": "Three months each, counted back from the last month of the period. Only with "
    "`include=quarters`.",
    "passed": "The number of visits that passed: the pass mark was reached, without a critical failure.",
    "points_earned": "The points that the answers earned.",
    "points_possible": "The most points that the answers could earn. 0 if nothing was scored.",
    "rank": "The rank of the location, where 1 is the best. Equal scores share a rank. Null with fewer "
    "than 5 visits, or if the visits are not all of one checklist.",
    "rank_range": "The ranks that the location could have by chance. Null where `rank` is null.",
    "score": "Points earned divided by points possible, as a proportion from 0 to 1 with 6 decimals. "
    "Null if no points were possible.",
    "significant": "Whether the change is more than chance: both periods have at least 5 visits, and "
    "the interval does not contain 0. Null if the visits are not all of one checklist.",
    "spread": "The standard deviation of a visit's score around the score, as a proportion from 0 to "
    "1. Null with fewer than 2 visits.",
    "visits": "The number of accepted visits in which points were possible.",
    # query parameters of several lists
    "limit": "The maximum number of items in the response.",
    "cursor": "The position from which the list continues. Follow `next` instead of setting it.",
    "from": "The first month of the period, `YYYY-MM`. Default: eleven months before `to`.",
    "to": "The last month of the period, `YYYY-MM`. Default: the current month in UTC+14, where it is "
    "latest on earth.",
}

#: names with another meaning in one schema, as ``Schema.field``. Derived schemas inherit it.
_BY_SCHEMA: Mapping[str, str] = {
    "Amendment.sent": "The answer as the shopper sent it.",
    "Dispute.checklist": "The checklist of the visit.",
    "Dispute.closed_at": "When it was decided or withdrawn. Null while it is open.",
    "Dispute.decided_by": "The reviewer who decided. Null unless it is decided. Only for reviewers and "
    "administrators.",
    "Dispute.due_at": "When it should be decided. An open dispute is overdue from then on.",
    "Dispute.is_current": "Whether the acceptance that was disputed still counts. If it was taken back, the "
    "outcomes have no effect any longer.",
    "Dispute.is_own": "Whether the caller opened it.",
    "Dispute.is_own_decision": "Whether the caller accepted the visit, so that another reviewer must decide. "
    "Only for reviewers and administrators.",
    "Dispute.opened_at": "When it was opened.",
    "Dispute.opened_by": "The manager who opened it. Only for reviewers and administrators.",
    "Dispute.overdue": "Whether it is still open although it should be decided by now.",
    "Dispute.questions": "The disputed questions, in the order of the checklist.",
    "Dispute.revision": "The revision that was accepted. Only for reviewers and administrators.",
    "Dispute.score": "What the dispute does to the score of the visit.",
    "Dispute.status": "An overdue dispute stays open. Nothing is decided automatically.",
    "DisputeDecision.outcomes": "One outcome for each disputed question.",
    "DisputeNew.questions": "The questions to dispute.",
    "DisputedQuestion.decision": "What was decided. Null until the dispute is decided.",
    "DisputedQuestion.points_earned": "The points of the answer as it was sent.",
    "DisputedQuestion.reason": "Why the manager contests the answer.",
    "DisputedQuestion.sent": "The answer as the shopper sent it.",
    "DisputedVisit.day": "The day of the visit, in the time zone of the location.",
    "Dispute.visit": "The visit that is disputed.",
    "DisputesQuery.location_id": "Only disputes about visits to this location.",
    "DisputesQuery.question": "Only disputes about a question with this key.",
    "DisputesQuery.sort": "`opened_at`: the oldest first. `-opened_at`: the newest first.",
    "DisputesQuery.status": "Only disputes with this status.",
    "QuestionDecision.reason": "Why the reviewer decided so. Null without a reason.",
    "QuestionDecision.value": "The value that counts instead of the one that was sent. Null unless the "
    "answer was amended.",
    "OutcomeNew.question": "The key of a disputed question.",
    "OutcomeNew.reason": "Why, for the manager to read. A kept answer needs a reason.",
    "OverturnFigures.decided": "How many disputed questions were decided.",
    "OverturnFigures.interval": "Wilson's 95 % interval of the rate. Null for fewer than 10 decided "
    "questions.",
    "OverturnFigures.overturned": "How many of them were set aside or amended. Null for fewer than 10 "
    "decided questions.",
    "OverturnRate.question": "The question.",
    "OverturnFigures.rate": "`overturned` as a proportion of `decided`. Null for fewer than 10 decided "
    "questions.",
    "OverturnRate.reviewer": "The reviewer who accepted the visits.",
    "OverturnRate.shopper": "The shopper of the visits.",
    "OverturnRates.items": "The rows, those with the most decided questions first.",
    "PinnedChecklist.version": "The version that the visit was made with.",
    "QuestionToDispute.question": "The key of the question.",
    "QuestionToDispute.reason": "Why the answer is contested, for the reviewer to read.",
    "RatesQuery.by": "What to group by. Only reviewers and administrators can group by `shopper` or "
    "`reviewer`.",
    "ScoreChange.before": "The score of the answers as they were sent.",
    "ScoredAnswer.amendment": "What a decided dispute changed in the answer. Null if it counts as it was "
    "sent.",
    "SentAnswer.value": "The value that was sent. Null without one.",
    "SentAnswer.not_applicable": "Whether the shopper answered that the question does not apply.",
    "ReportTotal.score_before_disputes": "The score if no answer had been set aside or amended after a "
    "dispute. Equal to `score` if none was.",
    "VisitDisputes.can_be_disputed": "Whether the visit can be disputed now.",
    "VisitDisputes.items": "The disputes about the visit, the newest first.",
    "VisitDisputes.last_day": "The last day on which the visit can be disputed, in the time zone of its "
    "location. Null if it cannot be disputed at all.",
    "Answer.comment": "What the shopper wrote about the answer. The question defines whether it is required.",
    "Answer.not_applicable": "Whether the question does not apply to the visit. The question must allow it.",
    "Answer.photos": "The IDs of the photos of this answer, as they are declared.",
    "ApiClient.client_id": "The ID with which the client requests tokens.",
    "ApiClientsQuery.name": "Only the client with exactly this name.",
    "ApiClientsQuery.revoked": "Only clients that are revoked, or only those that are not.",
    "Band.points": "The points for a duration within the band.",
    "ChecklistChange.after": "The later value of the field, or the text of what was added. "
    "Null if there is none.",
    "ChecklistChange.before": "The earlier value of the field, or the text of what was removed. "
    "Null if there was none.",
    "ChecklistChange.detail": "A sentence about what the pointer refers to.",
    "ChecklistChange.effect": "`words`: only texts differ. `points`: the same answers score differently. "
    "`asked`: shoppers are asked differently, but the same answers score the same. "
    "`not-comparable`: scores before and after are about different questions or answers.",
    "ChecklistChange.field": "The name of the changed field, or what was added, removed or moved: `section`, "
    "`question` or `option`.",
    "Change.interval": "The 95 % interval of the difference, cut to −1 and 1. Null without a "
    "difference, or if the visits are not all of one checklist.",
    "ChecklistChange.kind": "What happened.",
    "ChecklistChange.pointer": "A JSON pointer into the later document. For something that was removed, it "
    "refers to what contained it.",
    "ChecklistChange.question": "The key of the question. Null if the change is not about one question.",
    "ChecklistChanges.items": "The changes. Empty for the first version.",
    "ChecklistDraft.key": "The key of the checklist, which is unique within the organization and never "
    "changes.",
    "ChecklistName.key": "The key of the checklist.",
    "ChecklistOverview.channel": "How the visit is made. The draft of a checklist that was never published "
    "may have any value.",
    "ChecklistOverview.error_count": "The number of errors that prevent the draft from being published.",
    "ChecklistOverview.key": "The key of the checklist.",
    "ChecklistOverview.status": "`draft`: never published. `published`: in use. `retired`: no new visits can "
    "use it.",
    "ChecklistOverview.version": "The number of the current version. Null if none is published.",
    "ChecklistsQuery.include": "What the list contains in addition: `drafts` that were never published, and "
    "`retired` checklists. Only administrators can use it. All rows then show the draft and the visits of "
    "the checklist.",
    "ChecklistSummary.key": "The key of the checklist, which is unique within the organization.",
    "ChecklistSummary.points_possible": "The most points that a visit can earn.",
    "ChecklistSummary.version": "The number of the latest published version.",
    "Child.location": "The location. Omitted for a region.",
    "Child.region": "The region. Omitted for a location.",
    "Comment.comment": "What the shopper wrote. Null for a text answer, which is in `value`.",
    "Comment.question": "The question that the comment is about. Null for a comment on the visit as a whole.",
    "CommentedQuestion.text": "The question, in the wording of the visit's version.",
    "CommentCount.comments": "The number of comments and text answers.",
    "CommentCount.question": "The key of the question. Null for the comments on visits as a whole.",
    "CommentCountsQuery.checklist": "Only comments of visits with this checklist, by its key. Self-checks "
    "are included only if it is theirs.",
    "CommentCountsQuery.location_id": "Only comments about this location.",
    "CommentCountsQuery.region_id": "Only comments about locations in this region and in all regions below "
    "it.",
    "CommentsQuery.points": "`lost`: only comments on answers that lost points. `full`: only comments on "
    "answers that earned all of their points. Answers without points are neither.",
    "CommentsQuery.q": "Only comments and text answers that contain all of these words, or longer words "
    "that contain them. Case and accents make no difference.",
    "CommentsQuery.whole_visit": "Only comments on visits as a whole.",
    "Condition.question": "The key of a question that is asked earlier.",
    "ConfirmedPhoto.status": "`stored`, or `checking` while the photo is being processed.",
    "Decision.revision": "The revision that was decided on.",
    "Claim.expires_at": "When the claim expires, in UTC, unless the reviewer extends it.",
    "Claim.reviewer_id": "The ID of the reviewer who is looking at the visit.",
    "Claim.reviewer_name": "Their name.",
    "ClaimNew.take_over": "Whether to replace the claim of another reviewer.",
    "DecidedQuery.checklist_key": "Only decisions on visits with this checklist.",
    "DecidedQuery.decision": "Only decisions of this kind.",
    "DecidedQuery.from": "Only decisions of this day or later, `YYYY-MM-DD`. Default: 30 days before `to`. "
    "With `to`, at most 366 days.",
    "DecidedQuery.location_id": "Only decisions on visits to this location.",
    "DecidedQuery.region_id": "Only decisions on visits to the locations of this region and of all regions "
    "below.",
    "DecidedQuery.reviewer_id": "Only decisions of this reviewer.",
    "DecidedQuery.to": "Only decisions of this day or earlier, `YYYY-MM-DD`. Default: today.",
    "DecidedVisit.checklist": "The checklist of the visit, in its version.",
    "DecidedVisit.is_current": "Whether the decision is in force: it is on the latest revision, and was "
    "neither replaced nor undone.",
    "DecisionUndo.decision_id": "The ID of the current decision, which the caller made.",
    "PastDecision.undone_at": "When the reviewer undid the decision, in UTC. Null if they did not.",
    "DecisionNew.question_reasons": "What to correct, by the key of the question. The shopper reads it "
    "if the visit is returned.",
    "DecisionNew.message_to_shopper": "What the shopper reads with the decision, whichever it is. They do "
    "not read who decided.",
    "DecisionNew.reason": "Why. Required to return or reject, unless `question_reasons` has reasons. The "
    "shopper reads it if the visit is returned.",
    "DecisionNew.replaces": "The ID of the current decision on this revision, to replace it. Null or "
    "omitted for the first decision.",
    "DecisionNew.revision": "The revision to decide on. It must be the latest.",
    "DeclaredPhoto.status": "`awaiting_upload`, or `stored` if the photo is already stored.",
    "Decline.reason": "Why the shopper does not make the visit, for administrators and reviewers to read.",
    "DraftRevision.created_at": "When the first of the edits was stored, in UTC.",
    "DraftRevisionWithDocument.document": "What the draft was.",
    "EvidenceVisit.day": "The day on which the window opens, and once answers are stored the day on "
    "which the visit started, in the time zone of the location.",
    "EvidenceVisit.finished_at": "When the visit finished, by the server's clock. Null before the "
    "first revision.",
    "EvidenceVisit.started_at": "When the visit started, by the server's clock. Null before the first "
    "revision.",
    "Export.checklist": "The key of the only checklist that counts. Null for all except self-checks.",
    "Export.created_at": "When the export was requested, in UTC.",
    "Export.download": "The link to the file, valid for 10 minutes. It needs no authentication, so do not "
    "share it. Null unless the status is `ready`.",
    "Export.expires_at": "When the file is deleted, a day after it was made. Null until it is ready.",
    "Export.failure": "Why the export failed, in words. Null unless it did.",
    "Export.format": "The format of the file.",
    "Export.from": "The first day that the export covers.",
    "Export.kind": "`scores`: the rows of `GET /scores`. `visits`: one row for each accepted "
    "visit, with a column for each question. `answers`: one row for each visit and question, with comments "
    "and points. `report`: a document about one region or location.",
    "Export.language": "The language of a report, and of texts that a checklist has in several languages.",
    "Export.location_id": "The ID of the only location that is covered. Null for all.",
    "Export.progress": "How far the export is.",
    "Export.region_id": "The ID of the region whose locations are covered, at any depth. Null for all.",
    "Export.status": "The file can be downloaded while the status is `ready`.",
    "Export.to": "The last day that the export covers.",
    "ExportNew.by": "Only for scores: one or two dimensions, as in `GET /scores`. By location if omitted.",
    "ExportNew.checklist": "The key of the only checklist that counts. Null for all except self-checks.",
    "ExportNew.format": "The format of the file: `pdf` for a report, otherwise `csv` or `xlsx`.",
    "ExportNew.from": "The first month or day. If omitted, eleven months before the month of `to`.",
    "ExportNew.include": "Only for scores: further columns, as in `GET /scores`.",
    "ExportNew.kind": "`scores`: the rows of `GET /scores`. `visits`: one row for each accepted "
    "visit, with a column for each question. `answers`: one row for each visit and question, with comments "
    "and points. `report`: a document about one region or location.",
    "ExportNew.language": "The language of a report, and of texts that a checklist has in several languages.",
    "ExportNew.location_id": "The ID of the only location that is covered. Null for all.",
    "ExportNew.region_id": "The ID of the region whose locations are covered, at any depth. Null for all.",
    "ExportNew.to": "The last month, or the last day. If omitted, the current month. Scores and reports "
    "cover whole months.",
    "ExportProgress.done": "The number of rows that are done, or of steps of a report.",
    "ExportProgress.of": "The number of all rows, or of steps of a report. Null until it is counted. "
    "It does not change afterwards.",
    "FileQuery.token": "The signature of the link, from `download`.",
    "Figures.visits": "The number of accepted visits in which it was scored.",
    "LatestChange.changed_by": "Who made the change. Null for an API client, and for what comes with the "
    "program.",
    "PlanQuery.checklist": "The key of the checklist that visits are planned for.",
    "Preview.changes": "The changes since the current version. Empty if none is published.",
    "Preview.errors": "What prevents the draft from being published, with pointers into the draft.",
    "Preview.replay": "What the last accepted visits would have scored. Null for a draft with errors, if no "
    "version is published, and if no visits were requested.",
    "Preview.retired": "Whether the checklist is retired. Publishing brings it back, even without changes.",
    "Preview.version": "The number of the current version. Null if none is published.",
    "Preview.visits_out": "The number of visits in progress that stay with an older version when the draft "
    "is published.",
    "PreviewNew.visits": "How many of the last accepted visits to replay.",
    "QuotaLocation.accepted": "The number of accepted visits of the period.",
    "QuotaLocation.out": "The number of outstanding visits whose window opens in the period.",
    "QuotaPeriod.accepted": "The number of accepted visits of the period.",
    "QuotaPeriod.from": "The first month of the period, `YYYY-MM`.",
    "QuotaPeriod.out": "The number of outstanding visits whose window opens in the period.",
    "QuotaPeriod.to": "The last month of the period, `YYYY-MM`.",
    "QuotaProgressQuery.from": "The first month, `YYYY-MM`. Default: the current one, or `to` if that is "
    "earlier.",
    "QuotasQuery.include": "With `progress`, each quota has how far it is in its current period.",
    "QuotasQuery.checklist_key": "Only quotas for this checklist.",
    "Replay.critical_failures": "How many visits have a critical failure.",
    "Replay.first_day": "The day of the earliest visit. Null without visits.",
    "Replay.last_day": "The day of the latest visit. Null without visits.",
    "Replay.locations": "Up to five locations whose score changes, those that change most first.",
    "Replay.passed": "How many visits pass.",
    "Replay.score": "The score of all these visits.",
    "Replay.skipped": "The number of other visits: they have no score under the current version or under the "
    "draft.",
    "Replay.unanswered": "The questions of the draft whose answers would count but are not known. They were "
    "not asked, or the draft does not accept the stored answer. They count in no score of the replay.",
    "Replay.visits": "The number of visits. All figures are about these visits.",
    "ReplayedLocation.visits": "The number of visits to the location.",
    "ReplayedScore.highest": "The score under the draft if all points of the unanswered questions were "
    "earned.",
    "ReplayedScore.interval": "The 95 % interval of the difference: the t interval of the visits' paired "
    "differences. Null for fewer than two visits.",
    "ReplayedScore.lowest": "The score under the draft if all points of the unanswered questions were lost.",
    "ScoreNowAndThen.difference": "The score under the draft minus the score under the current version.",
    "ScoreNowAndThen.now": "The score under the current version.",
    "ScoreNowAndThen.then": "The score under the draft.",
    "Target.from": "The first of the months that count, `YYYY-MM`.",
    "Target.section_title": "The title of the section. Null for whole visits.",
    "Target.to": "The last of the months that count, `YYYY-MM`: the current one.",
    "TargetsQuery.checklist_key": "Only targets for this checklist.",
    "TargetsQuery.section": "Only targets for the section with this key.",
    "UnansweredQuestion.points_possible": "The points that each answer could earn.",
    "UnansweredQuestion.visits": "The number of visits without an answer.",
    "VisitCounts.visits": "The number of visits with it, without cancelled and declined ones.",
    "VisitCounts.visits_out": "The number of visits with it that are in progress.",
    "VisitFigures.visits": "The number of accepted visits in which points were possible.",
    "Flag.detail": "Why the flag was raised, for people to read.",
    "Flag.other_photo_id": "The ID of the earlier photo that is the same. Null if the flag is not "
    "about a photo.",
    "Flag.other_question": "The key of the question with the earlier photo or comment. Null for the "
    "comment on a visit as a whole, or if the flag is about neither.",
    "Flag.other_visit_id": "The ID of the earlier visit with the same photo or comment. Null if the "
    "flag is about neither.",
    "Flag.question": "The key of the question that the flag is about. Null if it is not about a question.",
    "Fundamental.key": "The key of the fundamental, which questions name.",
    "FundamentalName.key": "The key of the fundamental.",
    "Health.replica": "Whether scores and exports are read from the replica of the database at present. "
    "Missing if the server has none.",
    "Health.status": "`live`: the program runs. `ready`: database and photo store are available too.",
    "ImportChange.after": "The value in the file.",
    "ImportChange.before": "The value that is stored.",
    "ImportChange.column": "The column whose value changes.",
    "ImportLine.changes": "The values that change. Empty unless `state` is `changed`.",
    "ImportLine.line": "The number of the line. A row that covers several lines has the number of the first.",
    "ImportLine.state": "What happens with the line.",
    "ImportLineError.column": "The column. Null if the error is about the line as a whole.",
    "ImportLineError.detail": "What to correct, for people to read.",
    "ImportLineError.line": "The number of the line. Line 1 is the header.",
    "ImportQuery.dry_run": "`true`: store nothing, and return what the import would do, with all errors.",
    "ImportQuery.include": "`lines`: also return what happens with each line.",
    "ImportQuery.mode": "`add`: every row is new. `update`: a row whose key exists changes what it names.",
    "ImportResult.changed": "The number of rows that change something.",
    "ImportResult.errors": "All errors of a dry run, by line. Empty once the import is stored.",
    "ImportResult.lines": "What happens with each line. Only with `include=lines`.",
    "ImportResult.new": "The number of rows that add something.",
    "ImportResult.unchanged": "The number of rows that match what is stored.",
    "LocationImportResult.imported": "The same as `new`.",
    "Location.counts": "Only with `include=counts`.",
    "LocationCounts.visits": "The number of visits to it, without those that were cancelled or declined.",
    "ListedPhoto.comment": "What the shopper wrote about the answer. Null without a comment.",
    "ListedPhoto.id": "The ID of the photo.",
    "ListedPhoto.question": "The question that the photo belongs to. Null if it shows that the store was "
    "closed.",
    "LocationsQuery.include": "`counts`: also return the number of visits.",
    "LocationsQuery.q": "Only locations whose name or code contains this text, in upper or lower case.",
    "LocationsQuery.within": "Only locations in this region or in a region below it.",
    "LocationsQuery.status": "Only locations that are open, or only those that are closed.",
    "LocationsQuery.closed": "Only locations that are closed, or only those that are not.",
    "LocationsQuery.code": "Only the location with this code.",
    "LocationsQuery.external_id": "Only locations with this ID of your own system.",
    "LocationsQuery.name": "Only locations with exactly this name.",
    "LocationsQuery.region_id": "Only locations directly in this region.",
    "LocationsQuery.time_zone": "Only locations in this time zone.",
    "Login.email": "The email address of the account.",
    "Login.organization": "The name of the organization, if the email address and password match "
    "accounts of several.",
    "Login.password": "The password of the account.",
    "Message.reviewer_id": "The ID of the reviewer who asks.",
    "Message.reviewer_name": "The name of the reviewer who asks. Null if they were deleted.",
    "Briefing.text": "What to read, in paragraphs that are separated by line breaks.",
    "Briefing.version": "The number of the text, from 1. Send it as `briefing_version` with the answers.",
    "ExpenseClaim.description": "What was bought or paid, in words. Null without any.",
    "ExpenseClaim.kind": "What the expense was for.",
    "OwnPaymentItem.description": "What was bought or paid, in words. Null without any.",
    "OwnPaymentItem.kind": "`fee`, or what an expense was for.",
    "OrganizationEdit.briefing": "What shoppers read in the form before a visit, in paragraphs that are "
    "separated by line breaks. Null for nothing.",
    "OrganizationEdit.currency": "The currency in which shoppers are paid, as ISO 4217 code. Null if they "
    "are not paid.",
    "PaymentEdit.items": "The items to set amounts for.",
    "PaymentItem.receipts": "The photos of receipts.",
    "OwnPayment.items": "The fee, and the expenses in the order in which they were claimed.",
    "PaymentTotal.visits": "The number of visits.",
    "MessageAnswer.text": "What the shopper answers.",
    "MessageNew.question": "The key of the question of the checklist that the message is about. Null or "
    "omitted if it is about the visit.",
    "MessageNew.text": "What to ask. The shopper reads it as it is, so it must not say that a store "
    "disputes the visit.",
    "MessagesQuery.mine": "Whether to list only messages that the caller sent.",
    "MessagesQuery.visit_id": "Only messages about this visit.",
    "OwnMessage.answer": "What the shopper answered. Null without an answer.",
    "OwnMessage.answered_at": "When the server stored the answer, in UTC. Null without an answer.",
    "OwnMessage.asked_at": "When the reviewer asked, in UTC.",
    "OwnMessage.question": "The question of the checklist that the message is about. Null if it is about the "
    "visit.",
    "OwnMessage.status": "`open`, `answered`, or `withdrawn` by a reviewer.",
    "OwnMessage.text": "What the reviewer asks.",
    "OwnMessagesQuery.status": "Only messages with this status.",
    "Me.organization": "The organization that the caller belongs to.",
    "Me.id": "The caller's ID.",
    "Me.name": "The caller's name.",
    "Me.time_zone": "The time zone of mails to the caller, as an IANA name. Null for that of most locations.",
    "NamedOrganization.name": "The name of the organization.",
    "Option.key": "The key of the option, which is the answer's value.",
    "Option.points": "The points for choosing the option.",
    "OwnVisit.checklist": "The version that the visit uses.",
    "OwnVisit.photos": "The photos that the answers name, and which of them are stored.",
    "OwnVisit.revision": "The latest stored revision, or 0 before the first one.",
    "OwnVisit.status": "The status of the visit. Answers are accepted while it is `assigned` or "
    "`returned`, and also if they arrive although it is `cancelled` or `declined`.",
    "PageQuery.limit": "The maximum number of items in the response.",
    "PhotoDeclaration.content_type": "The format of the bytes to upload.",
    "PhotoDeclaration.position": "Where the phone was. It is used if the file itself does not contain "
    "a position.",
    "PhotoDeclaration.size": "The number of bytes to upload.",
    "PhotoDeclaration.taken_at": "When the photo was taken. It is used if the file itself does not "
    "contain a time.",
    "PhotoEvidence.position": "Where the photo was taken. Null if it is not known.",
    "PhotoEvidence.question": "The key of the question that the photo belongs to. Null if it shows "
    "that the store was closed.",
    "PhotoRange.maximum": "The maximum number of photos.",
    "PhotoRange.minimum": "The number of photos that the answer requires.",
    "Position.latitude": "Degrees north of the equator (WGS 84), from −90 to 90.",
    "Position.longitude": "Degrees east of Greenwich (WGS 84), from −180 to 180.",
    "Problem.detail": "What is wrong with this request, for people to read.",
    "Problem.errors": "What is wrong with which field. Present if the status is 422.",
    "Problem.instance": "The path of the request.",
    "Problem.request_id": "The ID of the request, as in the header `X-Request-ID`. Name it when you "
    "ask for help.",
    "Problem.status": "The status of the response.",
    "Problem.title": "What kind of error it is, for people to read. It is the same for each error of "
    "the type.",
    "Problem.type": "What kind of error it is: a stable URI reference for programs to compare.",
    "ProblemFieldError.detail": "What is wrong with the field, for people to read.",
    "ProblemFieldError.pointer": "A JSON pointer (RFC 6901) to the field in the request.",
    "Progress.months": "The months of the period, in their order.",
    "ProgressMonth.accepted": "The number of visits of the month that are accepted.",
    "ProgressMonth.self_checks": "The number of accepted visits that stores made themselves. They count in "
    "no score except that of their own checklist.",
    "ProgressMonth.month": "The month, `YYYY-MM`, in the time zone of each location.",
    "ProgressMonth.out": "The number of visits that are not accepted yet and whose window opens in the "
    "month. Null for managers and API clients if it would stand for only one or two open locations.",
    "Question.comment": "Whether the shopper writes a comment: `never`, `optional`, `required`, or "
    "`when_points_lost` (required if the answer loses points). Default: `optional`.",
    "Question.critical": "Whether losing points on this question is a critical failure, so that the "
    "visit does not pass. Default: `false`.",
    "Question.good_answer": "For `yes_no`: the answer that earns the points, `yes` or `no`. Default: `yes`.",
    "Question.key": "The key of the question, which is unique within the checklist and keeps its "
    "meaning across versions.",
    "Question.maximum": "For `scale`: the last step.",
    "Question.minimum": "For `scale`: the first step.",
    "Question.multiple": "For `choice`: whether several options can be chosen. Default: `false`.",
    "Question.not_applicable": "Whether the shopper can mark the question as not applicable. Default: "
    "`false`.",
    "Question.photos": "How many photos the answer must and can have. Default: none.",
    "Question.points": "For `yes_no`: the points for the good answer. Default: 0.",
    "Question.private": "Whether only reviewers and administrators see the answer and its photos. "
    "Private questions have no points. Default: `false`.",
    "Question.required": "Whether the shopper must answer the question. Default: `true`.",
    "Question.type": "The type of the question. It defines which other fields apply.",
    "QuestionFigures.answers": "How often each answer was given: `yes` and `no`, the steps of a scale, "
    "or the keys of options, including those that nobody chose; `answered` for other types; and "
    "`not_applicable`.",
    "QuestionName.key": "The key of the question.",
    "QuestionName.text": "The question, in the wording of its newest version.",
    "QuestionName.section": "The key of the section that the question is in.",
    "CommentedQuestion.key": "The key of the question.",
    "CommentedQuestion.section": "The key of the section that the question is in.",
    "Receipt.photos": "The IDs of the photos that the answers name and that the server expects.",
    "Reassignment.shopper_id": "The ID of the person who makes the new visit.",
    "Region.counts": "Only with `include=counts`.",
    "RegionCounts.locations": "The number of locations that are directly in the region.",
    "RegionCounts.visits": "The number of visits to these locations, without those that were cancelled "
    "or declined.",
    "RegionsQuery.include": "`counts`: also return the numbers of locations and visits.",
    "RegionsQuery.q": "Only regions whose name or code contains this text, in upper or lower case.",
    "RegionsQuery.status": "Only regions that are open, or only those that are closed.",
    "RegionsQuery.closed": "Only regions that are closed, or only those that are not.",
    "RegionsQuery.code": "Only the region with this code.",
    "RegionsQuery.external_id": "Only regions with this ID of your own system.",
    "RegionsQuery.name": "Only regions with exactly this name.",
    "RegionsQuery.parent_id": "Only regions directly below this one.",
    "Report.change": "The change since the previous period.",
    "Report.checklist": "The key of the checklist that the figures are limited to. Null for all "
    "checklists that count.",
    "Report.from": "The first month of the period, `YYYY-MM`.",
    "Report.fundamentals": "The fundamentals that visits of the period observed, each pooled over all "
    "checklists.",
    "Report.previous": "The score of the previous period, which has the same length and ends "
    "immediately before.",
    "Report.questions": "The questions that visits of the period had, in the order of their checklists.",
    "Report.sections": "The sections that visits of the period had, in the order of their checklists.",
    "Report.to": "The last month of the period, `YYYY-MM`.",
    "Report.total": "The score of the period.",
    "ReportQuery.checklist": "Only visits with this checklist, by its key. Without it, all checklists "
    "count except self-checks.",
    "RegionReportQuery.limit": "The maximum number of `children` in the response.",
    "RegionReportQuery.cursor": "The position from which `children` continue. Follow `children_next` instead "
    "of setting it.",
    "PlaceReportQuery.include": "`verdict`: also return verdicts: whether the scores of the place, its "
    "sections, fundamentals, questions and children are clearly above or below those of all visits.",
    "ReviewsQuery.status": "`waiting`: the visits that wait for a decision.",
    "Row.answers": "How often each answer was given: `yes` and `no`, the steps of a scale, or the options "
    "of a choice. Only with `include=answers`.",
    "Row.checklist": "The checklist. Only if `by` contains `checklist`.",
    "Row.critical_failures": "The number of visits with at least one critical failure. Only in rows of "
    "whole visits.",
    "Row.fundamental": "The fundamental. Only if `by` contains `fundamental`.",
    "Row.location": "The location. Only if `by` contains `location`.",
    "Row.made": "The number of accepted visits of each month, with or without points. Only with "
    "`include=made`.",
    "Row.month": "The month, `YYYY-MM`. Only if `by` contains `month`.",
    "Row.months": "The figures of each month of the period. Only with `include=months`.",
    "Row.passed": "The number of visits that passed. Only in rows of whole visits.",
    "Row.previous_visits": "The visits in the previous period, which has the same length. Only with "
    "`include=previous_visits`.",
    "Row.question": "The question. Only if `by` contains `question`.",
    "Row.rank": "The rank of the location, where 1 is the best. Equal scores share a rank. Null with "
    "fewer than 5 visits, or if the visits are not all of one checklist. Only in rows by location.",
    "Row.rank_range": "The ranks that the location could have by chance. Null where `rank` is null. "
    "Only in rows by location.",
    "Row.region": "The region. Only if `by` contains `region`.",
    "Row.section": "The section. Only if `by` contains `section`.",
    "Row.trend": "The score of each month of the period, by `YYYY-MM`. Null for a month without a "
    "score. Only with `include=trend`.",
    "Row.weakest_question": "What explains a low score best: the question with the verdict `below` that cost "
    "the location the most points against its comparison. Null if no question has that verdict. Only with "
    "`include=weakest_question`.",
    "Row.worst_section": "The location's section with the lowest score. Null if no section has a "
    "score. Only with `include=worst_section`.",
    "RowMonth.critical_failures": "The number of visits with at least one critical failure. Only in "
    "rows of whole visits.",
    "RowMonth.passed": "The number of visits that passed. Only in rows of whole visits.",
    "VisitsQuery.region_id": "Only visits to locations in this region and in all regions below it.",
    "VisitsQuery.sort": "The order of the visits; `-day` means newest first.",
    "RowsQuery.by": "What the rows are by: one dimension, or two different ones for the cells of a "
    "table. At most one may be section, question or fundamental.",
    "RowsQuery.fields": "The fields that rows contain. Default: all fields of the query.",
    "RowsQuery.include": "Further fields to return. Rows by month have none of them, and only rows by "
    "location have `worst_section` and `weakest_question`.",
    "RowsQuery.limit": "The maximum number of rows in the response. Default: 50 as JSON, all rows as CSV.",
    "RowsQuery.location_id": "Only this location.",
    "RowsQuery.region_id": "Only this region and everything below it.",
    "RowsQuery.sort": "The order of the rows; `-` means descending. `difference` requires `include=change`.",
    "ScoredAnswer.comment": "What the shopper wrote about the answer. Null without a comment.",
    "ScoredAnswer.points_earned": "The points that the answer earned.",
    "ScoredAnswer.points_possible": "The most points that the answer could earn. 0 if it is not scored.",
    "ScoredSubmission.comment": "What the shopper wrote about the visit as a whole. Null without a comment.",
    "ScoredAnswer.photos": "The IDs of the photos of this answer.",
    "ScoredAnswer.value": "The answer. Managers see the part of the day instead of a time. Null "
    "without a value.",
    "ScoredSubmission.finished_at": "When the visit finished, by the phone's clock. Only for reviewers "
    "and administrators.",
    "ScoredSubmission.position": "Where the phone was during the visit. Null if it is not known. Only "
    "for reviewers and administrators.",
    "ScoredSubmission.received_at": "When the server stored the revision, in UTC. Only for reviewers "
    "and administrators.",
    "ScoredSubmission.revision": "The number of the revision, from 1. Only for reviewers and administrators.",
    "ScoredSubmission.started_at": "When the visit started, by the phone's clock. Only for reviewers "
    "and administrators.",
    "ScoredSubmission.outcome": "`visited`, or `store-closed` if the shopper found the store closed.",
    "Section.key": "The key of the section, which is unique within the checklist.",
    "SectionName.key": "The key of the section.",
    "SectionName.checklist": "The key of the checklist that the section belongs to.",
    "Shopper.name": "The shopper's name.",
    "Submission.checklist_version": "The version of the checklist that the shopper answered: that of "
    "the visit.",
    "Submission.comment": "What the shopper wrote about the visit as a whole.",
    "Submission.finished_at": "When the visit finished, by the phone's clock.",
    "Submission.position": "Where the phone was during the visit. Null if it is not known. Managers "
    "never see it.",
    "Submission.revision": "1 for the first submission. After the visit was returned, 1 more than the "
    "latest.",
    "Submission.started_at": "When the visit started, by the phone's clock.",
    "UploadLink.expires_at": "When the link expires, in UTC. Then declare the photo again.",
    "UploadLink.headers": "The headers to send, exactly as they are. The signature covers them.",
    "UploadLink.method": "The method of the request.",
    "UploadLink.url": "The URL to send the bytes to. It needs no authentication, as it is signed.",
    "Invitation.expires_at": "When the link expires, in UTC: after 7 days.",
    "Login.code": "A code of the authenticator app, or a recovery code. Only people with a second "
    "factor need one.",
    "SecondFactor.enabled": "Whether logins need a code.",
    "SecondFactorCode.code": "A code of the authenticator app. Once enabled, a recovery code works too.",
    "SecondFactorRemoval.code": "A code of the authenticator app, or a recovery code.",
    "SecondFactorRemoval.password": "The password of the caller.",
    "SecondFactorSetup.secret": "The secret, in base32, as people can type it into their app.",
    "InvitationAcceptance.name": "The person's own name, as others see it.",
    "InvitationAcceptance.token": "The token of the invitation: the part of the link after `#`.",
    "Me.language": "The language of mails to the caller. Null if they have not chosen one.",
    "PasswordReset.token": "The token of the link: the part after `#`.",
    "PasswordResetRequest.email": "The email address of the account.",
    "PasswordResetRequest.organization": "The name of the organization, to select one of several accounts. "
    "Null or omitted for all of them.",
    "NoticeSwitches.weekly_digest": "For managers: on Monday morning, the locations with new results.",
    "NoticeSwitches.alerts": "For managers: in the morning, the locations whose score has clearly dropped, "
    "that missed a target, had a critical failure, or have had no visit for `no_visit_alert_days` of the "
    "organization.",
    "NoticeSwitches.reviews_waiting": "For reviewers: in the morning, how many visits have waited for a "
    "review for over 48 hours, if there are new ones.",
    "NoticeSwitches.webhooks_failing": "For administrators: in the morning, the webhooks that have begun to "
    "fail.",
    "NoticeSwitches.quotas_short": "For administrators: in the morning, the quotas that lack visits in the "
    "week before their period ends.",
    "NoticeSwitches.dispute_outcomes": "For managers: in the morning, how many of their disputes were "
    "decided before that day.",
    "NoticeSwitches.disputes_opened": "For reviewers: in the morning, how many disputes are open, if there "
    "are new ones.",
    "NoticeSwitches.visits_assigned": "For shoppers: visits that were assigned to them, after ten minutes.",
    "NoticeSwitches.visits_closing": "For shoppers: visits whose window closes within 48 hours.",
    "NoticeSwitches.visits_returned": "For shoppers: visits that were returned to them, after ten minutes.",
    "Notices.notices": "The notices for the caller's role: true for those that they want.",
    "NoticesEdit.notices": "The notices to switch on (true) or off (false). Those for other roles are "
    "rejected.",
    "Notices.sends_mail": "Whether a mail server is set. Without one, no notices are sent.",
    "ProfileEdit.language": "The language of mails to the caller. Null for none in particular.",
    "ProfileEdit.time_zone": "The time zone of mails to the caller, as an IANA name such as `Europe/Madrid`. "
    "Null for that of most locations of the organization.",
    "ProfileEdit.name": "The caller's name, as others see it.",
    "Session.created_at": "When the login was, in UTC.",
    "Session.id": "The ID of the session.",
    "User.language": "The language of mails to the person. Null if none was chosen.",
    "User.status": "`invited`, `active`, or `disabled`.",
    "UserFields.language": "The language of mails to the person. Null for none in particular.",
    "UserFields.location_ids": "The IDs of the locations to assign. Only for managers.",
    "UserFields.region_ids": "The IDs of the regions to assign. Only for managers, who also see "
    "everything below them.",
    "UsersQuery.disabled": "Only people who are disabled, or only those who are not.",
    "UsersQuery.email": "Only the person with this email address.",
    "UsersQuery.location_id": "Only managers that this location is assigned to.",
    "UsersQuery.name": "Only people with exactly this name.",
    "UserRow.location_codes": "The codes of the locations to assign. Only for managers.",
    "UserRow.region_codes": "The codes of the regions to assign. Only for managers.",
    "UsersQuery.q": "Only people whose name or email address contains this text.",
    "UsersQuery.status": "Only people with this status.",
    "UsersQuery.region_id": "Only managers that this region is assigned to.",
    "UsersQuery.role": "Only people with this role.",
    "VisitLocation.address": "The postal address. Null if it is not known.",
    "CancelledBatch.cancelled": "The number of visits that are cancelled now, also if they were before.",
    "CancelledBatch.kept": "The number of visits that are not cancelled, because answers had arrived or the "
    "shopper had declined.",
    "CheckedVisit.index": "The position of the visit in the list, from 0.",
    "CheckedVisit.problems": "What prevents the visit from being assigned. Empty if nothing does.",
    "LocationVisits.location_id": "The ID of the location.",
    "Lockout.location_id": "The ID of the location that the shopper visited or is due at.",
    "Lockout.free_from": "The first day, in the time zone of the location, on which a window of the same "
    "length could open. Null if there is none.",
    "Planning.locations": "The locations that have visits.",
    "Planning.lockouts": "The shoppers who visited a location, or are due there, within the lock-out days of "
    "the window.",
    "PlanningQuery.from": "The first day of the window, `YYYY-MM-DD`.",
    "PlanningQuery.to": "The last day of the window, `YYYY-MM-DD`.",
    "VisitEdit.window": "When the visit must be made. An end that is omitted stays as it is.",
    "VisitProblem.code": "What the problem is. `override` ignores only `rotation-lockout`.",
    "VisitProblem.detail": "The problem in words.",
    "VisitProblem.free_from": "For `rotation-lockout`, the first day, in the time zone of the location, on "
    "which the window could open. Otherwise null.",
    "VisitsCheck.items": "One item for each visit, in the order of the list.",
    "VisitNew.override_reason": "Why the lock-out is overridden, for the record. Only kept with `override`.",
    "VisitNew.checklist_key": "The key of the checklist. The visit uses the version that is current now.",
    "VisitNew.external_id": "The ID of the visit in your own system. Shoppers and managers do not see it.",
    "EvidenceVisit.external_id": "The ID in your own system. Null if you set none. Shoppers and "
    "managers do not see it.",
    "VisitNew.location_id": "The ID of the location to visit. It must not be closed.",
    "VisitNew.window": "When the visit must be made. Answers that arrive later are accepted and flagged.",
    "VisitQuery.include": "`checklist`: return the whole checklist document in `checklist`.",
    "VisitScore.critical_failures": "The keys of the critical questions that lost points.",
    "VisitScore.passed": "Whether the score is at least the pass mark, without a critical failure.",
    "VisitItem.points_earned": "The points that the answer earned, or without a question those of the visit.",
    "VisitItem.points_possible": "The most points that the answer could earn, or without a question those of "
    "the visit.",
    "VisitItem.value": "The answer to the question. Instead of a time of day, managers see the part of "
    "the day. Null without an answer.",
    "VisitItemsQuery.checklist": "Only what visits with this checklist contain, by its key. Self-checks "
    "are included only if it is theirs.",
    "VisitItemsQuery.location_id": "Only what visits to this location contain.",
    "VisitItemsQuery.question": "Only what belongs to questions with this key.",
    "VisitItemsQuery.region_id": "Only what visits to locations in this region, and in all regions below it, "
    "contain.",
    "VisitsQuery.batch_id": "Only visits of this batch. Only for reviewers and administrators.",
    "VisitsQuery.q": "Only visits with this text in the name or code of the location, in the name or email "
    "address of the shopper, or in the ID of your own system. Only for reviewers and administrators.",
    "VisitsNowAndThen.now": "Under the current version.",
    "VisitsNowAndThen.then": "Under the draft.",
    "Rate.count": "How often it happened.",
    "Rate.interval": "Wilson's 95 % interval of the rate. Null for fewer than 10 cases.",
    "Rate.of": "The number of cases.",
    "Rate.rate": "`count` as a proportion of `of`. Null for fewer than 10 cases.",
    "FlagCount.visits": "The number of visits that have the flag.",
    "Leniency.difference": "The score of the shopper's visits minus `expected`, from −1 to 1. Null if there "
    "are too few visits to compare.",
    "Leniency.expected": "The score that the shopper's visits would have if they had scored as the others' "
    "did, store by store. Null if there are too few visits to compare.",
    "Leniency.interval": "The 95 % interval of the difference. Null if there are too few visits to compare.",
    "Leniency.locations": "The number of stores, one for each location and checklist, that were visited by "
    "the shopper and by others.",
    "Leniency.other_shoppers": "How many people made the visits of others that were compared.",
    "Leniency.other_visits": "The number of visits of others that were compared.",
    "Leniency.score": "The score of the shopper's visits that were compared. Null without any.",
    "Leniency.verdict_interval": "The 98 % interval of the difference, which decides the verdict. Null if "
    "there are too few visits to compare.",
    "Leniency.visits": "The number of visits of the shopper that were compared.",
    "ShopperRecord.assigned": "The number of visits that were assigned to them.",
    "ShopperRecord.declined": "The visits that they declined and did not make, of those assigned.",
    "ShopperRecord.flagged": "The visits with at least one flag on any revision, of those sent. A later "
    "revision is not counted as late.",
    "ShopperRecord.flags": "How many visits have each flag, the most frequent flag first.",
    "ShopperRecord.from": "The first month of the period.",
    "ShopperRecord.leniency": "How the scores of their visits compare with those of others at the same "
    "stores.",
    "ShopperRecord.on_time": "The visits whose first revision finished before their window closed, of those "
    "that were sent or whose window has closed.",
    "ShopperRecord.overturned": "The disputed answers that were set aside or amended, of those that were "
    "decided.",
    "ShopperRecord.rejected": "The visits that are rejected, of those sent.",
    "ShopperRecord.returned": "The visits that were returned at least once, of those sent. A return that was "
    "undone, or replaced before a next revision, does not count.",
    "ShopperRecord.sent": "The number of visits with answers.",
    "ShopperRecord.to": "The last month of the period.",
    "ShopperRecord.unsent": "The number of visits without answers whose window has closed.",
    "ShopperRecord.user_id": "The ID of the shopper.",
    "ReviewsQuery.claimed": "`me`: only visits that the caller is looking at. `others`: only those that "
    "others are looking at. `free`: all but those.",
    "ReviewsQuery.flag": "Only visits with this flag on any revision, or with `none`: those without flags, "
    "whose checklist is always reviewed.",
    "ReviewsQuery.waiting_hours": "Only visits that have waited for at least so many hours.",
    "VisitFilters.checklist_key": "Only visits with this checklist.",
    "VisitFilters.location_id": "Only visits to this location.",
    "VisitFilters.region_id": "Only visits to the locations of this region and of all regions below.",
    "VisitsQuery.checklist_key": "Only visits with this checklist.",
    "VisitsQuery.external_id": "Only visits with this ID of your own system. Only for reviewers and "
    "administrators.",
    "VisitsQuery.from": "Only visits on this day or later, `YYYY-MM-DD`.",
    "VisitsQuery.location_id": "Only visits to this location.",
    "VisitsQuery.mine": "Whether to list the caller's own visits, which is what shoppers always get.",
    "VisitsQuery.shopper_id": "Only visits of this person. Only for reviewers and administrators.",
    "VisitsQuery.status": "Only visits with this status. Managers see accepted visits only.",
    "VisitsQuery.to": "Only visits on this day or earlier, `YYYY-MM-DD`.",
    "WaitingVisit.checklist": "The checklist of the visit, in its version.",
    "WaitingVisit.claim": "Who is looking at the visit. Null if nobody is.",
    "WaitingVisit.revision": "The revision to decide on.",
    "WatchedVisit.comment": "What the shopper wrote about the visit as a whole. Null without a "
    "comment. Only for a single visit.",
    "WatchedVisit.score": "The score of the visit.",
    "WatchedVisit.status": "Always `accepted`: managers and API clients see accepted visits only.",
    "ScoredSubmission.score": "The score of the visit.",
    "WithdrawnVisitChange.change": "Always `withdrawn`.",
    "WeakestQuestion.comparison": "The score of the question in all visits of the period that the caller may "
    "see, as a proportion from 0 to 1.",
    "WeakestQuestion.score": "The question's score, as a proportion from 0 to 1.",
    "WeakestQuestion.visits": "The number of accepted visits in which the question was scored.",
    "WorstSection.score": "The section's score, as a proportion from 0 to 1.",
    "WorstSection.visits": "The number of accepted visits in which the section was scored.",
}


def get_description(schemas: Iterable[type], name: str) -> str | None:
    """Return the description of a field, or None. ``schemas`` are its schema and the bases of that."""
    by_schema = (_BY_SCHEMA.get(f"{schema.__name__}.{name}") for schema in schemas)
    return next(filter(None, by_schema), None) or _BY_NAME.get(name)
