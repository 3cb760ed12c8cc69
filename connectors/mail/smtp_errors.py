"""What a mail server's refusals mean for us, by their codes. Repeats no word of a server: they quote addresses.

https://www.rfc-editor.org/rfc/rfc5321#section-4.2 and https://www.rfc-editor.org/rfc/rfc9051#section-7.1
"""

from __future__ import annotations

import imaplib
import re
import ssl

import aiosmtplib
from imap_tools import MailboxLoginError
from imap_tools.errors import ImapToolsError

from contracts.errors import MisconfiguredError, RefusedError, RetryableError, TowlineError

_TEXT_CODE = re.compile(r"\[([A-Z]+)")


def unreachable(error: Exception) -> TowlineError:
    """Return the error for a connection or a login that failed: nothing was sent."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return MisconfiguredError(f"mail: SMTP login: {error.code}", cause="mail.smtp_login")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return RetryableError(f"mail: SMTP: {error.code}", cause=f"mail.smtp_{error.code}")
    if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return MisconfiguredError("mail: SMTP: the server's certificate is not trusted", cause="mail.smtp_certificate")
    if isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPTimeoutError | aiosmtplib.SMTPServerDisconnected | OSError):
        return RetryableError("mail: SMTP: no connection", cause="mail.smtp_unreachable")
    return MisconfiguredError("mail: SMTP: the server offers no STARTTLS or no login", cause="mail.smtp_offers")


def refused(error: Exception) -> TowlineError:
    """Return the error for a letter that the server did not take: it was not sent."""
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return RetryableError("mail: SMTP: the connection broke", cause="mail.smtp_broken")
    cause = f"mail.smtp_{error.code}"
    if error.code < 500:
        return RetryableError(f"mail: SMTP: {error.code}", cause=cause)
    if isinstance(error, aiosmtplib.SMTPSenderRefused) or error.code in (530, 535, 538):
        return MisconfiguredError(f"mail: SMTP: the sender is refused: {error.code}", cause=cause)
    return RefusedError(f"mail: SMTP: the letter is refused: {error.code}", cause=cause)


def imap_error(error: Exception) -> TowlineError:
    """Return the error for what failed by IMAP: no letter was sent by it."""
    code = (_TEXT_CODE.search(str(error)) or ("", ""))[1]
    if code in ("UNAVAILABLE", "INUSE", "SERVERBUG"):
        return RetryableError(f"mail: IMAP: {code}", cause=f"mail.imap_{code.lower()}")
    if isinstance(error, MailboxLoginError):
        return MisconfiguredError("mail: IMAP login", cause="mail.imap_login")
    if isinstance(error, ssl.SSLCertVerificationError):
        return MisconfiguredError("mail: IMAP: the server's certificate is not trusted", cause="mail.imap_certificate")
    if isinstance(error, imaplib.IMAP4.abort | OSError):
        return RetryableError("mail: IMAP: no connection", cause="mail.imap_unreachable")
    if code in ("OVERQUOTA", "NOPERM", "PRIVACYREQUIRED", "AUTHENTICATIONFAILED"):
        return MisconfiguredError(f"mail: IMAP: {code}", cause=f"mail.imap_{code.lower()}")
    return RetryableError("mail: IMAP: the server declined", cause="mail.imap_declined")


IMAP_FAILURES = (imaplib.IMAP4.error, ImapToolsError, OSError)
