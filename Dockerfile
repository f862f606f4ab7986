# The static binary and nothing else. Build it first (see "A static binary" in docs/reference.md), then:
#   docker build -t pgyer .
#   docker run --rm -e PGYER_API_KEY -v "$PWD:/work:ro" -w /work pgyer upload app.apk
FROM scratch
COPY target/x86_64-unknown-linux-gnu/release/pgyer /pgyer
USER 65534:65534
ENTRYPOINT ["/pgyer"]
