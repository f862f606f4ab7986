//! Rules about what the manifest says.

use super::*;

#[test]
fn test_only() {
    let test_only = |value: &str| {
        with(&manifest("", &sdk("24", "34"), &format!("android:testOnly=\"{value}\""), MAIN))
            .build()
    };
    assert_found(&test_only("true"), "android-test-only", &["testOnly", "adb", "Run button"]);
    assert_found(&test_only("'true"), "android-test-only", &[]);
    for value in ["false", "@bool/test", "'maybe"] {
        assert_quiet(&test_only(value));
    }
}

#[test]
fn split() {
    let split = |attributes: &str| {
        with(&manifest(attributes, &sdk("1", "1"), "", "")).without("classes.dex")
    };
    let words = ["config.arm64_v8a", "universal"];
    assert_found(&split("split=\"config.arm64_v8a\"").build(), "android-split", &words);
    assert_found(&split("configForSplit=\"feature\"").build(), "android-split", &["feature"]);
    let unsigned = split("split=\"config.xxhdpi\"").pairs(&[]);
    assert_eq!(codes(&unsigned.build()), ["android-not-signed", "android-split"]);
    // An empty one is none, and an attribute of Android's is another.
    assert!(!codes(&split("split=\"'\"").build()).contains(&"android-split"));
}

#[test]
fn splits_missing() {
    let base = |attributes: &str| with(&manifest(attributes, &sdk("24", "34"), "", MAIN)).build();
    let code = "android-splits-missing";
    let types = "android:requiredSplitTypes=\"base__abi,base__density\"";
    assert_found(&base(types), code, &["base__abi,base__density", "universal"]);
    assert_found(&base("android:isSplitRequired=\"true\""), code, &["its splits, which"]);
    for quiet in [
        "android:isSplitRequired=\"false\"",
        "android:isSplitRequired=\"@bool/required\"",
        "android:requiredSplitTypes=\"'\"",
    ] {
        assert_quiet(&base(quiet));
    }
    let meta = format!(
        "{MAIN}<meta-data android:name=\"com.android.vending.splits.required\" value=\"true\"/>"
    );
    assert_quiet(&with(&manifest("", &sdk("24", "34"), "", &meta)).build());
}

#[test]
fn preview_sdk() {
    let code = "android-preview-sdk";
    assert_found(&for_sdk("24", "Baklava").build(), code, &["Baklava"]);
    assert_found(&for_sdk("Tiramisu", "34").build(), code, &["Tiramisu"]);
    assert_found(&for_sdk("24", "10000").build(), code, &["10000"]);
    assert_quiet(&for_sdk("24", "9999").build());
    assert_quiet(&for_sdk("24", "'34").build());
    // -1, which is no level and no codename.
    assert_quiet(&for_sdk("24", "4294967295").build());
    // Without a target that of `min` counts.
    let only_min = with(&manifest("", "android:minSdkVersion=\"Tiramisu\"", "", MAIN)).build();
    assert_found(&only_min, code, &["Tiramisu"]);
}

#[test]
fn old_target() {
    let code = "android-old-target";
    let old = |target: &str| for_sdk("21", target).v1(PLAIN_LIST);
    assert_found(&old("23").build(), code, &["23", "Android 15"]);
    assert_found(&old("22").build(), code, &["22", "Android 14"]);
    assert_quiet(&old("24").build());
    assert_quiet(&old("@integer/target").build());
    let test = manifest("", &sdk("21", "22"), "android:testOnly=\"true\"", MAIN);
    assert_found(&with(&test).v1(PLAIN_LIST).build(), "android-test-only", &[]);
    let unknown = manifest("", &sdk("21", "22"), "android:testOnly=\"@bool/test\"", MAIN);
    assert_quiet(&with(&unknown).v1(PLAIN_LIST).build());
}

#[test]
fn exported() {
    let code = "android-exported";
    let apk = |target: &str, part: &str| {
        with(&manifest("", &sdk("24", target), "", &format!("{MAIN}{part}"))).build()
    };
    let component = |kind: &str, attributes: &str, filter: &str| {
        format!("<{kind} android:name=\".Part\" {attributes}>{filter}</{kind}>")
    };
    const FILTER: &str =
        "<intent-filter><action android:name=\"com.example.ACT\"/></intent-filter>";
    for kind in ["activity", "activity-alias", "service", "receiver"] {
        assert_found(&apk("31", &component(kind, "", FILTER)), code, &["SDK 31", ".Part"]);
        assert_quiet(&apk("30", &component(kind, "", FILTER)));
        for exported in ["true", "false", "@bool/exported"] {
            assert_quiet(&apk(
                "31",
                &component(kind, &format!("android:exported=\"{exported}\""), FILTER),
            ));
        }
    }
    assert_quiet(&apk("31", &component("provider", "", FILTER)));
    for filter in [
        "",
        "<intent-filter/>",
        "<intent-filter><category android:name=\"a\"/></intent-filter>",
        "<intent-filter><action/></intent-filter>",
        "<intent-filter><action android:name=\"'\"/></intent-filter>",
        "<meta-data><action android:name=\"a\"/></meta-data>",
        "<action android:name=\"a\"/>",
    ] {
        assert_quiet(&apk("34", &component("service", "", filter)));
    }
    // Outside the first application nothing counts.
    let outside = manifest("", &sdk("24", "34"), "", MAIN).replace(
        "</manifest>",
        &format!("<application>{}</application></manifest>", component("service", "", FILTER)),
    );
    assert_quiet(&with(&outside).build());
}

#[test]
fn no_code() {
    let apk = |application: &str| {
        with(&manifest("", &sdk("24", "34"), application, MAIN)).without("classes.dex")
    };
    let code = "android-no-code";
    assert_found(&apk("").build(), code, &["classes.dex", "hasCode"]);
    assert_found(&apk("").file(stored("assets/classes.dex", "dex")).build(), code, &[]);
    assert_found(&apk("").file(stored("classes2.dex", "dex")).build(), code, &[]);
    assert_quiet(&apk("android:hasCode=\"false\"").build());
    assert_quiet(&apk("android:hasCode=\"@bool/code\"").build());
    let overlay = format!("<manifest package=\"a\"><uses-sdk {}/></manifest>", sdk("24", "34"));
    assert_quiet(&with(&overlay).without("classes.dex").build());
}

#[test]
fn system_user() {
    let apk = |attributes: &str| with(&manifest(attributes, &sdk("24", "34"), "", MAIN)).build();
    let user = |user: &str| format!("android:sharedUserId=\"{user}\"");
    assert_found(&apk(&user("android.uid.system")), "android-system-user", &["android.uid.system"]);
    assert_quiet(&apk(&user("com.example.shared")));
    assert_quiet(&apk(&format!(
        "{} android:sharedUserMaxSdkVersion=\"32\"",
        user("android.uid.system")
    )));
}

#[test]
fn library() {
    let code = "android-library";
    let apk = |target: &str, library: &str| {
        with(&manifest("", &sdk("24", target), "", &format!("{MAIN}{library}"))).build()
    };
    let maps = "android:name=\"com.google.android.maps\"";
    let uses = |attributes: &str| format!("<uses-library {attributes}/>");
    assert_found(&apk("34", &uses(maps)), code, &["com.google.android.maps", "required=\"false\""]);
    assert_found(&apk("34", &uses(&format!("{maps} android:required=\"true\""))), code, &[]);
    for quiet in [
        format!("{maps} android:required=\"false\""),
        format!("{maps} android:required=\"@bool/required\""),
        "android:name=\"org.apache.http.legacy\"".to_owned(),
        "android:name=\"androidx.window.sidecar\"".to_owned(),
        "android:name=\"@string/library\"".to_owned(),
        String::new(),
    ] {
        assert_quiet(&apk("34", &uses(&quiet)));
    }
    let native = "<uses-native-library android:name=\"libOpenCL.so\"/>";
    assert_found(&apk("31", native), code, &["libOpenCL.so"]);
    assert_quiet(&apk("30", native));
    // Of a filter or outside an application it is another thing.
    assert_quiet(&apk("34", &format!("<activity>{}</activity>", uses(maps))));
}

#[test]
fn no_launcher() {
    let code = "android-no-launcher";
    let apk = |parts: &str| with(&manifest("", &sdk("24", "34"), "", parts)).build();
    let filter = |action: &str, category: &str| {
        format!(
            "<intent-filter><action android:name=\"{action}\"/><category android:name=\"{category}\"/></intent-filter>"
        )
    };
    let activity =
        |kind: &str, filters: &str| format!("<{kind} android:exported=\"true\">{filters}</{kind}>");
    const MAIN: &str = "android.intent.action.MAIN";
    const LAUNCHER: &str = "android.intent.category.LAUNCHER";
    assert_found(&apk(""), code, &["launcher", "icon"]);
    for filters in [
        filter(MAIN, "android.intent.category.DEFAULT"),
        filter("android.intent.action.VIEW", LAUNCHER),
        // In two filters it does not count.
        format!("{}{}", filter(MAIN, "a"), filter("b", LAUNCHER)),
    ] {
        assert_found(&apk(&activity("activity", &filters)), code, &[]);
    }
    assert_found(&apk(&activity("service", &filter(MAIN, LAUNCHER))), code, &[]);
    for kind in ["activity", "activity-alias"] {
        for category in [LAUNCHER, "android.intent.category.LEANBACK_LAUNCHER", "@string/category"]
        {
            assert_quiet(&apk(&activity(kind, &filter(MAIN, category))));
        }
        assert_quiet(&apk(&activity(kind, &filter("@string/action", "a"))));
    }
    let level = findings(&apk(""))[0].level;
    assert_eq!(level, Level::Note);
}
