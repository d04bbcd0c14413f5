"""Letters that speak of a file which is not there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from mailsec.gateway.deception.details import cleaned
from mailsec.gateway.outbound.letter import has_attachment
from mailsec.gateway.outbound.risks.facts import Dispatch, Risk, RiskCode

_LONGEST = 20_000  # characters of the letter
# A line that ends within an English sentence.
_WRAPPED = re.compile(r"(?<=[ -~])\r?\n(?=[a-z])")
_SENTENCE = re.compile(r"[。．!?！？\n]|\.(?=\s)")
_SPEAKS = re.compile(
    r"添付|同封|別添|別紙"
    r"|\b(?:find|see|review|check)\b[^.\n]{0,30}\b(?:attached|attachments?|enclosed)\b"
    r"|\b(?:i|we)(?:'ve|’ve| have|'m|’m| am| are)?(?: also| now| just)? "
    r"(?:attach(?:ed|ing)?|enclos(?:ed?|ing))\b"
    r"|\A\s*(?:attached|enclosed)(?: here(?:with)?| below)?,? "
    r"(?:is|are|please|you|the|an?|our|my)\b"
    r"|\b(?:is|are) (?:attached|enclosed)\b(?! (?:to|by|with)\b)"
    r"|\bthe (?:attached|enclosed) (?:file|document|pdf|letter|invoice|quot|offer|report|form|list)"
    r"|\bin the attachment\b"
)
# No file of this mail is meant: none goes with it, it went before, or it is asked for.
_OTHERWISE = re.compile(
    r"添付(?:ファイル|資料|書類)?(?:は|が|も)?"
    r"(?:な[しくいけ]|あ?りません|ございません|無[しいく]|不要|不可|でき|出来|せず|しない|しておりません)"
    r"|添付(?:ファイル)?(?:が|は|を)?(?:漏れ|もれ|忘れ|失念)"
    r"|添付(?:を|の)?(?:し|して)?(?:ください|下さい|いただ|頂|お願い|もらえ|願い)"
    r"|(?:先ほど|先程|先日|前回|昨日|以前|前の?メール)[^。\n]{0,20}(?:添付|同封)"
    r"|(?:添付|同封)(?:して|し)?(?:いただ|頂|ください|下さっ)"
    r"|\b(?:no|any|without|forgot|forgotten|missing|open|opening|please attach|could you attach|"
    r"can you attach|your) (?:the |an? |to )?(?:file )?attach(?:ed|ments?|ing)?\b"
    r"|\battach(?:ed)? (?:your|it and send)\b|\battached to (?:my|the) (?:last|previous|earlier)\b"
    r"|\b(?:you|last|previous|earlier)(?: have| had)? (?:attached|enclosed|attachments?)\b"
)
# What stands below letters of many companies, whatever is in them.
_DISCLAIMER = re.compile(
    r"(?:機密|秘密)[^。\n]{0,12}含|守秘|誤って|誤送信|意図(?:した|された)受信|ウイルス|ウィルス"
    r"|本(?:電子)?メール(?:および|及び|並びに|ならびに|と|、|・)|送信(?:でき|出来)ませんでした"
    r"|\bconfidential|\bprivileged\b|\bintended (?:recipient|for)|\bvirus(?:es)?\b"
    r"|\bin error\b|\bdisclos"
)


def look(mail: Dispatch) -> Iterator[Risk]:
    """``missing-attachment`` with the words that speak of a file, where the mail has none."""
    text = unicodedata.normalize("NFKC", mail.letter[:_LONGEST]).casefold()
    for sentence in _SENTENCE.split(_WRAPPED.sub(" ", text)):
        spoken = _SPEAKS.search(sentence)
        if spoken is None or _OTHERWISE.search(sentence) or _DISCLAIMER.search(sentence):
            continue
        if not has_attachment(mail.message):
            around = sentence[max(spoken.start() - 30, 0) : spoken.end() + 30]
            yield Risk(RiskCode.MISSING_ATTACHMENT, detail=cleaned(words=around))
        return
