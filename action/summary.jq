# The job's summary, in Markdown. What a file or the service calls something stays what it is: no
# part of it becomes a link, a picture or HTML.
def text:
  tostring | gsub("[[:cntrl:]\\x{61c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}]+"; " ")
  | gsub("(?<mark>[]!\"#$%&'()*+,./:;<=>?@\\\\[^_`{|}~-])"; "\\\(.mark)");
def url: gsub("[[:cntrl:][:space:]<>]"; "");
def row($name): select(. != null and . != "") | "| \($name) | \(.) |";
def size:
  if . < 1024 then "\(.) B"
  elif . < 1048576 then "\(. / 1024 * 10 | round / 10) KiB"
  else "\(. / 1048576 * 10 | round / 10) MiB" end;
def joined: map(select(. != null and . != "")) | join(", ");

def title:
  [.build.buildName // empty, .build.buildVersion // .package.version // empty] | join(" ")
  | if . == "" then null else . end;
def profile:
  [.name, (.expires | values | "expires \(.)"), (.devices | values | "\(.) devices")] | joined;

def identity:
  (.package.identifier // .build.buildIdentifier | values | text | row("identifier")),
  (.package | values
    | ([.version, (.build | values | "build \(.)")] | joined | text | row("version")),
      ([(.min_os | values | "from \(.)"), (.target_os | values | "made for \(.)")] | joined | text
        | row("system")),
      (.archs | values | join(", ") | text | row("processors")),
      (.signing | values | text | row("signed")),
      (.profile | values | profile | text | row("profile")));

def findings:
  .findings // [] | select(length > 0)
  | "", (.[] | "- **\(.level | text)**: \(.message | text) \\[\(.code | text)\\]");

.[]
| "### \(title // .file | text)", "", "| | |", "|---|---|",
  (.install_url | values | "<\(url)>" | row("install page")),
  ([.file, .type, (.size | values | size)] | joined | text | row("file")),
  identity,
  (select(.error) | .error | "**\(.kind | text)**: \(.message | text)" | row("not published")),
  (select(.error == null and .build == null) | "pgyer status --wait \(.key)" | text | row("not published yet")),
  findings,
  (.qr_code_url | values | select(test("^https?://")) | "", "![QR code](<\(url)>)"),
  ""
