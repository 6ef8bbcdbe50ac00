"""Mail headers that survive what people write into them.

The standard library (seen in 3.11.7) folds long headers wrongly: a long display name loses its
quotes, so that "Doe, Jane, x@evil.example" becomes three recipients, and text that mixes scripts
loses spaces. Here the two kinds of header that hold people's words are folded by simpler rules:
plain ASCII stays, quoted where it is a name; anything else becomes encoded words as a whole.
"""

import re
from email import policy
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import Policy
from email.utils import quote

_ATOM = r"[^\s\"(),.:;<>@\[\\\]]+"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_ATOM}(?:\.{_ATOM})*)")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_LINE_BREAKING = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def one_line(text: str) -> str:
    """`text` on one line: no line breaks or control characters, nothing that UTF-8 cannot hold."""
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    return _LINE_BREAKING.sub(" ", encodable).strip()


def subject_line(text: str) -> str:
    """`text` as a subject, in which nothing is an encoded word.

    The standard library decodes such words on assignment, and a line break hidden in one would
    begin a header of its own (CVE-2024-6923).
    """
    return one_line(text).replace("=?", "= ?")


def mailbox(address: str, *, name: str = "") -> Address:
    """A header's address; letters beyond ASCII are allowed in it.

    Raises: ValueError where `address` is not one plain address such as jane@example.edu.
    """
    found = _ADDRESS.fullmatch(address.strip())
    if found is None or not address.strip().isprintable():
        raise ValueError("not one plain mail address")
    return Address(one_line(name), username=found["local"], domain=found["domain"])


def named_mailbox(text: str) -> Address:
    """The address in a setting such as `3D Print Lab <print@example.edu>`; the name may be missing.

    Raises: ValueError as `mailbox` does.
    """
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        return mailbox(text)
    return mailbox(found["address"], name=found["name"].strip().strip('"'))


class _SafelyFolded(BaseHeader):
    """Every header of a mail; the ones that hold people's words fold by this module's rules."""

    def fold(self, *, policy: Policy) -> str:
        match self.name.lower():
            case "subject" if not _is_plain(self):
                written = _encoded_words(self, self.name, policy.linesep)
                return f"{self.name}: {written}{policy.linesep}"
            case "from" | "to" | "reply-to":
                return _fold_mailbox(self.name, self.addresses[0], policy.linesep)  # type: ignore[attr-defined]
            case _:
                return super().fold(policy=policy)


def _fold_mailbox(header: str, address: Address, linesep: str) -> str:
    """One address after its name, on a second line where the first gets long."""
    name = str(address.display_name)
    if not name:
        return f"{header}: {address.addr_spec}{linesep}"
    quoted = f'"{quote(name)}"' if _is_plain(name) else _encoded_words(name, header, linesep)
    last_line = f"{header}: {quoted} <{address.addr_spec}>".rpartition(linesep)[2]
    gap = " " if len(last_line) <= 76 else f"{linesep} "
    return f"{header}: {quoted}{gap}<{address.addr_spec}>{linesep}"


def _is_plain(text: str) -> bool:
    """Whether it may stand as it is: ASCII that no mail program takes for encoded words."""
    return text.isascii() and "=?" not in text


def _encoded_words(text: str, header: str, linesep: str) -> str:
    """RFC 2047 words of at most 75 characters; spaces stay, being inside them."""
    return Header(text, "utf-8", header_name=header, maxlinelen=76).encode(linesep=linesep)


# 76: what RFC 2045 allows a line of quoted-printable text; the standard library would take 78.
POLICY = policy.SMTP.clone(
    header_factory=HeaderRegistry(base_class=_SafelyFolded), max_line_length=76
)


def as_bytes(message: EmailMessage) -> bytes:
    """The mail as a file, its addresses in UTF-8 where ASCII cannot hold them."""
    utf8 = not all(
        address.addr_spec.isascii()
        for name in ("From", "To", "Reply-To")
        for address in message[name].addresses
    )
    return message.as_bytes(policy=POLICY.clone(utf8=utf8))
