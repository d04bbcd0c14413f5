// version: 1
// date: 2026-11-25
//
// Traits of harmful files. A match condemns a file, so a rule stands here only if no honest file is
// known to meet it; what is merely odd belongs to the analysers. The rule's meta "name" is what is
// reported. Test strings are broken up by [] so that scanners of this repository stay calm.

rule eicar
{
    meta:
        name = "Eicar-Test-Signature"
        about = "The EICAR standard file: 68 bytes, at most 128 with white space behind them"
    strings:
        $whole = /X5O!P%@AP\[4\\PZX54\(P\^\)7CC\)7\}\$[E]ICAR-STANDARD-[A]NTIVIRUS-TEST-FILE!\$H\+H\*[ \t\r\n\x1a]{0,60}/
    condition:
        filesize <= 128 and $whole at 0 and !whole[1] == filesize
}

rule lnk_runs_hidden_script
{
    meta:
        name = "Mailsec.Lnk.HiddenScript"
        about = "A shortcut whose arguments start PowerShell hidden or encoded, or mshta with an address"
    strings:
        $link = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
        $powershell = "powershell" nocase ascii wide
        $hidden = /-w(indowstyle)?\s{1,4}(hidden|1)\b/ nocase ascii wide
        $encoded = /-e(nc|ncodedcommand)?\s{1,4}[A-Za-z0-9+\/=]{40}/ nocase ascii wide
        $mshta = /mshta(\.exe)?["']?\s{1,4}["']?https?:/ nocase ascii wide
    condition:
        $link at 0 and filesize < 5MB and (($powershell and ($hidden or $encoded)) or $mshta)
}

rule rtf_equation_object
{
    meta:
        name = "Mailsec.Rtf.EquationEditor"
        about = "RTF with an embedded object of the old equation editor, which loads by itself (CVE-2017-11882)"
    strings:
        $rtf = "{\\rt"
        $object = "\\objdata" nocase
        $update = "\\objupdate" nocase
        $equation_hex = "4571756174696f6e2e33" nocase
        $equation_class = { 02 CE 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
        $equation_class_hex = "02ce020000000000c000000000000046" nocase
    condition:
        $rtf at 0 and $object and
        ($equation_class or $equation_class_hex or ($equation_hex and $update))
}

rule pdf_launches_interpreter
{
    meta:
        name = "Mailsec.Pdf.Launch"
        about = "A PDF whose launch action starts a command interpreter"
    strings:
        $pdf = "%PDF-"
        $launch = /\/S\s{0,4}\/Launch\b/
        $program = /\/F\s{0,4}\((\\\\[^)]{0,80}\\)?(cmd|powershell|mshta|wscript|cscript)(\.exe)?\)/ nocase
    condition:
        $pdf in (0..1024) and $launch and $program
}
