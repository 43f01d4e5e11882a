# Reads wasp.h and writes C: for each pointer and slice that a function takes, a call with NULL there. The other
# arguments are members of `good`, named by type and name: a function with a new one does not compile until it is there.

/^extern "C" \{/ { in_functions = 1; next }
/^}/ { in_functions = 0 }
/^#/ || /^\/\// || !in_functions { next }
{ text = text " " $0 }
/;$/ { prototype(text); text = "" }

function prototype(text,    name, result, count, i) {
  match(text, /wasp_[a-z_]+\(/)
  name = substr(text, RSTART, RLENGTH - 1)
  result = substr(text, 1, RSTART - 1)
  text = substr(text, RSTART + RLENGTH)
  sub(/\);$/, "", text)
  count = split(text, params, /,/)
  for (i = 1; i <= count; i++)
    parameter(params[i], i)
  for (i = 1; i <= count; i++)
    if (null[i] != "")
      printf "%s(\"%s\", \"%s\", %s(%s))\n", result ~ /wasp_error \*$/ ? "GIVES_ERROR" : "GIVES_NONE",
        name, names[i], name, arguments(i, count)
}

# What stands for the parameter: `good[i]`, and `null[i]` if there is a NULL of its type.
function parameter(text, i,    type) {
  gsub(/^ +| +$|const /, "", text)
  match(text, /[a-z_0-9]+$/)
  names[i] = substr(text, RSTART)
  type = substr(text, 1, RSTART - 1)
  null[i] = type ~ /\*|wasp_callback_fn|wasp_free_fn|wasp_log_fn / ? "NULL" : type ~ /wasp_slice/ ? "null_slice" : ""
  gsub(/ /, "", type)
  gsub(/\*/, "_p", type)
  good[i] = "good." type "_" names[i]
}

function arguments(at, count,    i, list) {
  for (i = 1; i <= count; i++)
    list = list (i > 1 ? ", " : "") (i == at ? null[i] : good[i])
  return list
}
