# The outputs: json has all files, the others are of the first one. Each is one line.
def line: (. // "") | tostring | gsub("[[:cntrl:]\\x{85}\\x{2028}\\x{2029}]"; " ");

(.[0] // {}) as $first
| "json=\(tojson)",
  "key=\($first.key | line)",
  "build-key=\($first.build.buildKey | line)",
  "install-url=\($first.install_url | line)",
  "qr-code-url=\($first.qr_code_url | line)",
  "app-name=\($first.build.buildName | line)",
  "app-version=\($first.build.buildVersion | line)",
  "app-build=\($first.build.buildBuildVersion | line)",
  "app-identifier=\($first.build.buildIdentifier // $first.package.identifier | line)"
