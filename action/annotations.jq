# What the runner shows above the log: findings, and the error of each file that has one.
def value: gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
def named($file): if contains($file) then . else "\($file): \(.)" end;

.[] | .file as $file
| (.findings // [] | .[]
    | "::\(if .level == "note" then "notice" else "warning" end) title=Pgyer::"
      + ("\(.message) [\(.code)]" | named($file) | value)),
  (select(.error) | "::error title=Pgyer::" + (.error.message | named($file) | value))
