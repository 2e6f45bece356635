/**
 * What only the host knows, as scripts for sh(1) that every shell's completion calls: they print a word a line. Without
 * single quotes, so that they can stand in some.
 */

/**
 * The processes of containers: children of rt's supervisors, which are told by the executable that lives in memory; a
 * supervisor's heir has that, too. Of other users' processes the kernel says nothing.
 */
export const CONTAINER_PIDS = `for exe in /proc/[0-9]*/exe; do
  [ "$(readlink "$exe" 2>/dev/null)" = "/memfd:rt (deleted)" ] || continue
  pid=\${exe#/proc/} pid=\${pid%/exe}
  for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do
    [ "$(readlink "/proc/$child/exe" 2>/dev/null)" = "/memfd:rt (deleted)" ] || echo "$child"
  done
done | sort -un`

/** What SOURCE may be, beginning with $1: directories, archives, \`oci:DIR\`, and behind that the names in its index. */
export const SOURCES = `word=$1 tilde=
case $word in "~/"*) tilde=$HOME/ word=$HOME/\${word#"~/"} ;; esac
offer() { case $1 in "$tilde"*) [ -z "$tilde" ] || { printf "~/%s\\n" "\${1#"$tilde"}"; return; } ;; esac; printf "%s\\n" "$1"; }
case $word in
oci:*)
  rest=\${word#oci:} dir=\${word#oci:}
  while [ "$dir" != "\${dir%:*}" ]; do
    dir=\${dir%:*}
    [ -f "$dir/index.json" ] || continue
    grep -o "\\"org.opencontainers.image.ref.name\\" *: *\\"[^\\"]*\\"" "$dir/index.json" |
      sed "s/.*\\"\\([^\\"]*\\)\\"\\$/\\1/" |
      while read -r name; do case oci:$dir:$name in "$word"*) offer "oci:$dir:$name" ;; esac; done
    exit
  done
  for each in "$rest"*/; do [ -d "$each" ] && offer "oci:\${each%/}"; done
  ;;
*)
  for each in "$word"*; do
    if [ -d "$each" ]; then offer "$each"; fi
    case $each in *.tar | *.tar.* | *.tgz | *.tzst) [ -f "$each" ] && offer "$each" ;; esac
  done
  case oci: in "$word"*) offer oci: ;; esac
  ;;
esac
true`
