# Writes the grammar that bison reads: plan.y with its lists of words filled in from keywords.def.
# In: keywords.def, then plan.y. A line that holds only @tokens, @names, @fields or @lines is replaced.
FILENAME ~ /keywords\.def$/ {
    if ($0 !~ /^KEYWORD\(/) next
    split($0, part, /[(,") ]+/)
    id = part[2]; text = part[3]; class = part[4]
    tokens = tokens sprintf("%%token <const Token *> %s \"`%s`\"\n", id, text)
    if (class == "RESERVED") next
    names = names sprintf("    | %s\n", id)
    if (class != "FIELD") fields = fields sprintf("    | %s\n", id)
    if (class != "LINE") lines = lines sprintf("    | %s\n", id)
    next
}
/^@tokens$/ { printf "%s", tokens; next }
/^@names$/ { printf "%s", names; next }
/^@fields$/ { printf "%s", fields; next }
/^@lines$/ { printf "%s", lines; next }
{ print }
