"""What the set-up page says beside what stands in its template; ``core/translations/pages`` has the other languages."""

from typing import Final

NOT_THAT_WAY: Final = "Not that way"
IN_A_BROWSER: Final = "This page is read and sent from a browser."
TOO_LONG: Final = "Too long"
LONGER_THAN_ANY: Final = "What was sent is longer than any form."
WRITE_LESS: Final = "Go back, and write less."
TOO_MANY_TRIES: Final = "Too many tries"
WRONG_LINKS: Final = "Too many wrong links were tried."
WAIT: Final = "Wait a minute."
NOT_VALID: Final = "This link is not valid"
INCOMPLETE: Final = "It is incomplete, too old, or from an earlier start."
PRINTS_ANOTHER: Final = (
    "As long as there is no administrator, each start of Insula prints a new one in its terminal."
)
ALREADY_SET_UP: Final = "Already set up"
NO_OTHER: Final = "There is an administrator; this link makes no other."
SET_ANEW: Final = "Sign in with that account; a forgotten password is set anew with “{command}”."
SIGN_IN: Final = "Sign in"

EMAIL_TOO_LONG: Final = "Write an e-mail address of at most {limit} characters."
EMAIL_WANTED: Final = "Write an e-mail address, such as you@example.com."
USERNAME_WANTED: Final = "Write 1 to {limit} characters without spaces, @, quotes or slashes."
TEXT_TOO_LONG: Final = "Write at most {limit} characters; these are {number}."
NICKNAME_WANTED: Final = "Write the name that others should see."
CHOICE_TOO_SHORT: Final = "Write at least {limit} characters."
CHOICE_TOO_LONG: Final = "Write at most {limit} characters."
CHOICE_TOO_EASY: Final = "This is too easy to guess; three or four unrelated words are good."
NOT_THE_SAME: Final = "The two passwords are not the same."
