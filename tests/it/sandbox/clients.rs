//! The requests of other clients: those of the vendor's shell demo, and of three HTTP stacks.

use std::path::Path;
use std::process::Command;

use pgyer::BuildType;
use pgyer::sandbox::{Endpoint, Sandbox};
use serde_json::Value;

use crate::support::{Ran, data, program, run, strict};

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

/// A sandbox as people start it.
fn sandbox() -> Sandbox {
    Sandbox::builder().polls(1).start().unwrap()
}

/// Runs curl without the progress meter.
fn curl(arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).current_dir(data(""));
    run(command.arg("-sS"), arguments).expect(0).stdout
}

/// What the sandbox noted about the requests to `endpoint`, each once.
fn deviations(sandbox: &Sandbox, endpoint: Endpoint) -> Vec<String> {
    let seen = sandbox.seen();
    let mut all: Vec<String> =
        seen.requests_to(endpoint).flat_map(|request| request.deviations.clone()).collect();
    all.dedup();
    all
}

/// Sends what the vendor's shell demo sends with `curl`. Returns the last answer of the API: the
/// first one if that is a refusal.
fn shell_demo(sandbox: &Sandbox) -> Value {
    let token_url = format!("{}/app/getCOSToken", sandbox.api_url());
    let status = curl(&["-o", "/dev/null", "-w", "%{http_code}", &token_url]);
    assert_eq!(status, "200", "it looks for a host that answers");
    let key = format!("_api_key={}", sandbox.api_key());
    let token = curl(&[
        "--form-string",
        &key,
        "--form-string",
        "buildType=apk",
        "--form-string",
        "buildInstallType=2",
        "--form-string",
        "buildPassword=a;b\"c",
        "--form-string",
        "buildUpdateDescription=@notes; 100%\n蒲公英",
        &token_url,
    ]);
    let token: Value = serde_json::from_str(&token).unwrap();
    if token["code"] != 0 {
        return token;
    }
    let param = |name: &str| format!("{name}={}", token["data"]["params"][name].as_str().unwrap());
    let status = curl(&[
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--connect-timeout",
        "30",
        "--form-string",
        &param("key"),
        "--form-string",
        &param("signature"),
        "--form-string",
        &param("x-cos-security-token"),
        "--form-string",
        "x-cos-meta-file-name=app.apk",
        "-F",
        "file=@app.apk",
        token["data"]["endpoint"].as_str().unwrap(),
    ]);
    assert_eq!(status, "204");
    let build_key = format!("buildKey={}", token["data"]["key"].as_str().unwrap());
    let info_url = format!("{}/app/buildInfo", sandbox.api_url());
    loop {
        let info =
            curl(&["--get", "--data-urlencode", &key, "--data-urlencode", &build_key, &info_url]);
        let info: Value = serde_json::from_str(&info).unwrap();
        if info["code"] != 1247 {
            return info;
        }
    }
}

#[test]
fn the_vendors_shell_demo_publishes() {
    if !installed("curl") {
        return;
    }
    let sandbox = sandbox();
    let info = shell_demo(&sandbox);
    assert_eq!(info["code"], 0, "{info}");
    assert_eq!(info["data"]["buildUpdateDescription"], "@notes; 100%\n蒲公英");
    let seen = sandbox.seen();
    let size = std::fs::metadata(data("app.apk")).unwrap().len();
    assert_eq!((seen.builds[0].build_type, seen.builds[0].size), (BuildType::Android, size));
    assert!(seen.builds[0].announced);
    let form = "the body is multipart/form-data";
    assert_eq!(deviations(&sandbox, Endpoint::Token), [form]);
    let order = "the fields are in another order than in the token";
    assert_eq!(deviations(&sandbox, Endpoint::Storage), [order]);
    let asked = ["the method is GET", "parameters are in the URL"];
    assert_eq!(deviations(&sandbox, Endpoint::Poll)[..2], asked);
    assert_eq!(shell_demo(&strict())["message"], form);
}

/// Publishes a file with one of the scripts beside this one, against `sandbox`.
fn script(sandbox: &Sandbox, interpreter: &str, script: &str, arguments: [&str; 2]) -> Ran {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/sandbox");
    let mut command = Command::new(interpreter);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).current_dir(data(""));
    command.env("PGYER_API_URL", sandbox.api_url()).env("PGYER_API_KEY", sandbox.api_key());
    run(command.arg(scripts.join(script)), arguments)
}

#[test]
fn pythons_http_publishes() {
    if !installed("python3") {
        return;
    }
    let sandbox = sandbox();
    let info =
        &script(&sandbox, "python3", "client.py", ["app.hap", "harmony"]).expect(0).json()[0];
    assert_eq!(info["data"]["buildUpdateDescription"], "100 % new\n蒲公英");
    assert_eq!(info["data"]["buildFileName"], "蒲公英.hap");
    assert_eq!(sandbox.seen().builds[0].build_type, BuildType::HarmonyOs);
    assert_eq!(deviations(&sandbox, Endpoint::Token), ["buildType is harmony"]);
    let boundary = "boundary=9c51b1e2f7c64a0b8d2e";
    let expected = [
        &format!("the Content-Type is `multipart/form-data; {boundary}; charset=utf-8`"),
        "the file's part has no Content-Type",
        "the fields are in another order than in the token",
    ];
    assert_eq!(deviations(&sandbox, Endpoint::Storage), expected);
    script(&strict(), "python3", "client.py", ["app.hap", "harmony"]).expect(1);
}

#[test]
fn nodes_fetch_publishes() {
    if !installed("node") {
        return;
    }
    let sandbox = sandbox();
    let info = &script(&sandbox, "node", "client.js", ["app.apk", "apk"]).expect(0).json()[0];
    assert_eq!(info["data"]["buildFileName"], "node.apk");
    let unknown = ["filePath", "log"].map(|name| format!("{name} is not a parameter of this call"));
    let noted = deviations(&sandbox, Endpoint::Token);
    assert_eq!(noted.strip_suffix(&unknown), Some(&["the body is multipart/form-data".into()][..]));
    assert_eq!(deviations(&sandbox, Endpoint::Storage), [""; 0]);
    assert_eq!(deviations(&sandbox, Endpoint::Poll), ["parameters are in the URL"]);
    script(&strict(), "node", "client.js", ["app.apk", "apk"]).expect(1);
}

#[test]
fn a_deviation_stands_in_the_requests_line_or_is_refused() {
    if !installed("curl") {
        return;
    }
    let ask = |options: &[&str]| {
        let script = "curl -s -d _api_key=$PGYER_API_KEY -d buildType=apk -d x=1 \
                      $PGYER_API_URL/app/getCOSToken";
        let mut command = program();
        command.arg("sandbox").args(options);
        run(&mut command, ["--", "sh", "-c", script]).expect(0)
    };
    let ran = ask(&[]);
    assert_eq!(ran.json()[0]["code"], 0);
    let line = "bytes: accepted, but x is not a parameter of this call\n";
    assert!(ran.stderr.ends_with(line), "{ran:#?}");
    let ran = ask(&["--strict-requests"]);
    assert_eq!(ran.json()[0]["message"], "x is not a parameter of this call");
    assert!(!ran.stderr.contains("accepted"), "{ran:#?}");
}
