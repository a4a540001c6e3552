# Writes a grammar that recognises and does nothing: build/gen/plan.y without actions, values, places and messages.
# In: that file. Out: the declarations of tokens and the rules alone.
function without_braces(line,   out, i, c) {
    out = ""
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (comment) {
            if (c == "*" && substr(line, i + 1, 1) == "/") { comment = 0; i++ }
            continue
        }
        if (quote) {
            if (c == "\\") i++
            else if (c == quote) quote = ""
            continue
        }
        if (c == "/" && substr(line, i + 1, 1) == "*") { comment = 1; i++; continue }
        if (depth && (c == "\"" || c == "'")) { quote = c; continue }
        if (c == "{") { depth++; continue }
        if (c == "}") { depth--; continue }
        if (!depth) out = out c
    }
    return out
}
BEGIN {
    print "%code { int yylex(void); void yyerror(const char *message); }"
    print "%define api.token.prefix {TOK_}"
    print "%expect 0"
}
/^%%/ { section++; if (section < 2) print; next }
section == 0 && /^%token/ { gsub(/<[A-Za-z][^>]*>/, ""); print; next }
section == 0 && /^%(start|left|precedence)/ { print; next }
section == 1 { print without_braces($0) }
